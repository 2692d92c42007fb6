"""Starts grids as a user does, on the demo datasets, with heads that go wrong in known ways."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

SABOTEUR = """
import os, pathlib, signal, time

from bioner.model.heads import LinearHead
from bioner.train.resuming import Checkpoint

class Bad(LinearHead):
    def __init__(self, hidden, tags, **_):
        self.harm()
        super().__init__(hidden, tags)

class raises(Bad):
    def harm(self):
        raise RuntimeError("out of luck,\\nin two lines")

class killed(Bad):
    def harm(self):
        print("half a line", end="")
        os.kill(os.getpid(), signal.SIGKILL)

class hangs(Bad):
    def harm(self):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        pathlib.Path("hangs.pid").write_text(str(os.getpid()))
        time.sleep(1000)

class waits(Bad):
    def harm(self):
        pathlib.Path("waits.pid").write_text(str(os.getpid()))
        time.sleep(1000)

class waits_once(waits):
    def harm(self):
        if not pathlib.Path("waits.pid").exists():
            super().harm()

class clocks_differ(Bad):
    def harm(self):
        seconds = 0.0 if os.environ.get("LOCAL_RANK", "0") == "0" else 1e9
        Checkpoint._every = property(lambda _: seconds, lambda *_: None)

class killed_once(killed):
    def harm(self):
        if not pathlib.Path("killed.once").exists():
            pathlib.Path("killed.once").touch()
            super().harm()
"""


LINEAR = "bioner.model.heads.LinearHead"


def command(tmp_path: Path, *overrides: str) -> list[str]:
    """Return the command of a grid of small runs; `saboteur` can be imported in its jobs."""
    (tmp_path / "saboteur.py").write_text(SABOTEUR)
    return [
        sys.executable,
        "-m",
        "bioner",
        "train",
        "-m",
        "encoder=tiny",
        "logger=none",
        "trainer.accelerator=cpu",
        "finetune.targets=[demo_disease]",
        "finetune.epochs=1",
        "finetune.train_size=16",
        "study=grid",
        f"cache_dir={tmp_path}/cache",
        f"datasets_dir={tmp_path}/datasets",
        *overrides,
    ]


def environment(tmp_path: Path) -> dict[str, str]:
    """Return the variables of a grid."""
    paths = [str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


def grid(
    tmp_path: Path, *overrides: str, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a grid to its end."""
    return subprocess.run(
        command(tmp_path, *overrides),
        cwd=tmp_path,
        env=environment(tmp_path) | dict(env or {}),
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


def records(tmp_path: Path) -> dict[str, dict]:
    """Return the records of the grid under the names of its runs."""
    files = (tmp_path / "runs" / "grid").glob("*/record.json")
    return {file.parent.name: json.loads(file.read_text()) for file in files}


def rows(printed: str) -> list[str]:
    """Return the jobs of the last table: state and test F1 first, overrides, directory last."""
    lines = printed.splitlines()
    last = max(i for i, line in enumerate(lines) if line.startswith("state"))
    return [line for line in lines[last + 1 :] if "runs/" in line and "failed:" not in line]


def heads(*names: str) -> str:
    """Return the override that gives each job one of these heads."""
    return "head._target_=" + ",".join(LINEAR if n == "linear" else f"saboteur.{n}" for n in names)


def states(printed: str) -> list[str]:
    """Return the state of each job in the last table."""
    return [words[0] for row in rows(printed) if (words := re.match(r"to \w+|\w+", row))]


def reason(printed: str, job: str) -> str:
    """Return the one line that says why a job failed."""
    start = f"failed: head._target_=saboteur.{job}: "
    (line,) = [line for line in printed.splitlines() if line.startswith(start)]
    return line.removeprefix(start)


def begun(tmp_path: Path, *overrides: str) -> subprocess.Popen[str]:
    """Start a grid."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # not ignored, as behind a shell's &
    return subprocess.Popen(
        command(tmp_path, *overrides),
        cwd=tmp_path,
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def pid_of(file: Path) -> int:
    """Wait for a saboteur's process."""
    deadline = time.monotonic() + 300
    while not (file.exists() and file.read_text()):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    return int(file.read_text())


def is_gone(pid: int, within: float = 20.0) -> bool:
    """Say whether a process has ended, or does so within some seconds."""
    deadline = time.monotonic() + within
    while True:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
