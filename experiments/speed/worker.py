"""A peer at work: a process that runs one round when it is told to."""

import json
import os
import subprocess
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from peers.rounds import Job

_PEERS = Path(__file__).parent / "peers"


class PeerFailed(RuntimeError):
    """A peer ended before its work was done."""


class Worker:
    """One peer.

    Args:
        script: its file in `peers`.
        python: the interpreter of its environment.
        job: what it does.
        clock: what is counted: wall or cpu.

    Attributes:
        first_step: seconds from its start to the end of its first update.
    """

    def __init__(self, script: str, python: str, job: Job, clock: str = "wall") -> None:
        Path(job.output).mkdir(parents=True, exist_ok=True)
        self._log = Path(job.output, "log.txt")
        theirs_in, self._to = os.pipe()
        self._from, theirs_out = os.pipe()
        threads = str(job.threads)
        # A path that Python runs a script of comes first, so that no package hides `rounds`.
        environment = os.environ | {
            "SPEED_IN": str(theirs_in),
            "SPEED_OUT": str(theirs_out),
            "OMP_NUM_THREADS": threads,
            "HF_HUB_OFFLINE": "1",
            "TOKENIZERS_PARALLELISM": "false",
        }
        self._clock, self._started = clock, time.time() if clock == "wall" else 0.0
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                [python, str(_PEERS / script), json.dumps(asdict(job))],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(theirs_in, theirs_out),
            )
        os.close(theirs_in)
        os.close(theirs_out)
        self._lines = os.fdopen(self._from, "r")
        self._expect("ready")
        self.first_step = 0.0

    def first(self) -> None:
        """Run the first update."""
        os.write(self._to, b"go\n")
        self.first_step = self._expect("first")[self._clock] - self._started

    def begin(self) -> dict[str, Any]:
        """Run the first round, to warm up; return what it reports."""
        self.first()
        found = self._expect("round")
        self._expect("ready")
        return found

    def round(self) -> dict[str, Any]:
        """Run one round; return what it reports once the peer is idle."""
        os.write(self._to, b"go\n")
        found = self._expect("round")
        after = self._expect("ready", "end")
        return {**found, **after}

    def stop(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()
        self._lines.close()
        os.close(self._to)

    def _expect(self, *events: str) -> dict[str, Any]:
        line = self._lines.readline()
        found: dict[str, Any] = json.loads(line) if line else {"event": "nothing"}
        if found["event"] not in events:
            tail = "\n".join(self._log.read_text(errors="replace").splitlines()[-15:])
            self._process.kill()
            raise PeerFailed(f"{found['event']} where {events} was expected; {self._log}:\n{tail}")
        return found
