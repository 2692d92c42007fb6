"""Starts grids as a user does, on the demo datasets, with heads that go wrong in known ways."""

import json
import os
import subprocess
import sys
from pathlib import Path

SABOTEUR = """
import os, pathlib, signal, time

def raises(hidden, tags, **_):
    raise RuntimeError("out of luck,\\nin two lines")

def killed(hidden, tags, **_):
    print("half a line", end="")
    os.kill(os.getpid(), signal.SIGKILL)

def hangs(hidden, tags, **_):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    pathlib.Path("hangs.pid").write_text(str(os.getpid()))
    time.sleep(1000)

def waits(hidden, tags, **_):
    pathlib.Path("waits.pid").write_text(str(os.getpid()))
    time.sleep(1000)
"""


def command(tmp_path: Path, *overrides: str) -> list[str]:
    """Return the command of a grid of small runs; `saboteur` can be imported in its jobs."""
    (tmp_path / "saboteur.py").write_text(SABOTEUR)
    return [sys.executable, "-m", "bioner", "train", "-m", "encoder=tiny", "logger=none",
            "trainer.accelerator=cpu", "finetune.targets=[demo_disease]", "finetune.epochs=1",
            "finetune.train_size=16", "study=grid", f"cache_dir={tmp_path}/cache",
            f"datasets_dir={tmp_path}/datasets", *overrides]  # fmt: skip


def environment(tmp_path: Path) -> dict[str, str]:
    """Return the variables of a grid."""
    paths = [str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


def grid(tmp_path: Path, *overrides: str) -> subprocess.CompletedProcess[str]:
    """Run a grid to its end."""
    return subprocess.run(
        command(tmp_path, *overrides), cwd=tmp_path, env=environment(tmp_path),
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip


def records(tmp_path: Path) -> dict[str, dict]:
    """Return the records of the grid under the names of its runs."""
    files = (tmp_path / "runs" / "grid").glob("*/record.json")
    return {file.parent.name: json.loads(file.read_text()) for file in files}


def rows(printed: str) -> list[str]:
    """Return the jobs of the last table: state and test F1 first, overrides, directory last."""
    lines = printed.splitlines()
    last = max(i for i, line in enumerate(lines) if line.startswith("state"))
    return [line for line in lines[last + 1 :] if "runs/" in line and "failed:" not in line]
