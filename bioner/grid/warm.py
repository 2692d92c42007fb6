"""Starts jobs from a process that has imported what they need: each is a fork of it."""

import json
import logging
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import IO

from bioner.config.train import TrainConfig
from bioner.config.trainer import hardware
from bioner.errors import UserError
from bioner.grid.slots import THREADS
from bioner.grid.start import SPEAKING, Start, Started, start_anew
from bioner.machine import ends_with_parent, fork_server

log = logging.getLogger(__name__)

MODULES = (
    "bioner.cli",
    "bioner.train.recorded_run",
    "transformers.models.bert.modeling_bert",
    "transformers.models.bert.tokenization_bert",
)
"""What a run imports; the last two where its encoder is a BERT, as most are."""

# It finds what this process does, and looks nowhere else: a script's imports don't begin in the
# current folder, those of `python -m` do.
_SERVES = """
import json, sys
sys.path[:] = json.loads(sys.argv[1])
from bioner.machine.fork_server import serve
serve(int(sys.argv[2]), sys.argv[3:])
"""


class Starts:
    """Chooses how jobs are started, and says where that is not from the warm process."""

    def __init__(self) -> None:
        self._said = set[str]()

    def of(self, config: TrainConfig) -> Start:
        """Return how a job is started."""
        why = fork_server.obstacle()
        if why is None and hardware(config.trainer).devices != 1:
            why = "Lightning starts the further processes of a run on several devices"
        if why is None:
            return self._forked
        self._say(why)
        return start_anew

    def _forked(self, words: Sequence[str], variables: Mapping[str, str]) -> Started:
        threads = tuple((name, variables[name]) for name in THREADS if name in variables)
        try:
            return warm_process(threads).start(words, variables)
        except UserError as error:
            self._say(str(error))
            return start_anew(words, variables)

    def _say(self, why: str) -> None:
        if why not in self._said:
            self._said.add(why)
            log.info("jobs start Python anew: %s", why)


@cache
def warm_process(variables: tuple[tuple[str, str], ...]) -> "Warm":
    """Return the process from which jobs with these variables are forked; it stays for later ones.

    Raises:
        UserError: see `Warm`.
    """
    return Warm(dict(variables), MODULES)


class Forked:
    """A job that was forked and handed over; see `Started`."""

    def __init__(self, pid: int, stdout: IO[bytes]) -> None:
        self.pid, self.stdout = pid, stdout

    def wait(self) -> int:
        """Wait for its end; return its exit code, or of the signal that ended it the negative."""
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


class Warm:
    """Forks jobs from one process, which ends with this one.

    Args:
        variables: of the process besides this one's; jobs have them too. Those by which libraries
            choose their number of threads count here alone: they are read once.
        modules: that it imports.

    Raises:
        UserError: it can't be forked, or has ended.
    """

    def __init__(self, variables: Mapping[str, str], modules: Sequence[str]) -> None:
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        served = ["-P", "-c", _SERVES, json.dumps(sys.path), str(theirs.fileno()), *modules]
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, ends_with_parent.__file__, sys.executable, *served],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                pass_fds=[theirs.fileno()],
                env={**os.environ, **variables, **SPEAKING},
            )
        says = self._answer()
        if says != fork_server.READY:
            self.close()
            raise UserError(says)

    def start(self, words: Sequence[str], variables: Mapping[str, str]) -> Started:
        """Fork a job; see `Start`.

        Raises:
            UserError: the process that forks has ended.
        """
        request = {
            "words": [*words],
            "variables": {**variables},
            "folder": str(Path.cwd()),
            "parent": os.getpid(),
        }
        output, theirs = os.pipe()
        fork_server.adopt(True)
        try:
            socket.send_fds(self._channel, [json.dumps(request).encode()], [theirs])
            os.close(theirs)
            pid = int(self._answer())
        except BaseException as error:
            os.close(output)
            self.close()
            if isinstance(error, OSError):
                raise UserError(f"the process that forks jobs has ended ({error})") from error
            raise
        finally:
            fork_server.adopt(False)
        return Forked(pid, open(output, "rb", buffering=0))  # noqa: PTH123

    def close(self) -> None:
        """End the process; what was forked from it lives on."""
        self._channel.close()
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def _answer(self) -> str:
        said = self._channel.recv(fork_server.LARGEST).decode()
        if not said:
            code = self._process.wait()
            raise UserError(f"the process that forks jobs has ended with {code}")
        return said
