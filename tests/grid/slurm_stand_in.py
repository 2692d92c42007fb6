"""Stands in for the commands of Slurm that the launcher and submitit call, on this machine.

Installed under the names `sbatch`, `srun`, `squeue`, `scancel` and `scontrol`. A job is a folder of
$STAND_IN with its script and its state; a process of this file runs it, as often as it is requeued.
As with Slurm, a signal to a job reaches all of its processes.
"""

import os
import re
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

HOME = Path(os.environ.get("STAND_IN", "."))
NAMES = ("sbatch", "srun", "squeue", "scancel", "scontrol")


def install(folder: Path) -> dict[str, str]:
    """Write the commands, and return the variables with which they are found."""
    for name in NAMES:
        file = folder / "bin" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{__file__}" {name} "$@"\n')
        file.chmod(file.stat().st_mode | stat.S_IXUSR)
    path = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return {"PATH": path, "STAND_IN": str(folder)}


def sbatch(file: str) -> None:
    """Start a job at once."""
    script = Path(file).read_text()
    if "--partition=full" in script:
        print("sbatch: error: invalid partition specified: full", file=sys.stderr)
        raise SystemExit(1)
    number = str(1 + len(list(HOME.glob("[0-9]*"))))
    job = HOME / number
    job.mkdir()
    (job / "script").write_text(script)
    (job / "state").write_text("RUNNING")
    subprocess.Popen(
        [sys.executable, __file__, "run", number],
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    print(f"Submitted batch job {number}")


def run(number: str) -> None:
    """Run the script of a job until it is not requeued."""
    job = HOME / number
    variables = {
        "SLURM_JOB_ID": number,
        "SLURM_NTASKS": "1",
        "SLURM_PROCID": "0",
        "SLURM_LOCALID": "0",
        "SLURM_NODEID": "0",
        "SLURM_JOB_NUM_NODES": "1",
    }
    while True:
        script = subprocess.Popen(["bash", job / "script"], env={**os.environ, **variables})
        (job / "pid").write_text(str(script.pid))
        code = script.wait()
        if not (job / "requeue").exists():
            break
        (job / "requeue").unlink()
    if (job / "state").read_text() == "RUNNING":
        (job / "state").write_text("FAILED" if code else "COMPLETED")


def srun(*words: str) -> None:
    """Become the program, with its output in the files that are named."""
    given, names = list(words), {"--output": 1, "--error": 2}
    while given[0].startswith("--"):
        word = given.pop(0)
        if word in names:
            file = given.pop(0).replace("%j", os.environ["SLURM_JOB_ID"]).replace("%t", "0")
            os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND), names[word])
    os.execvp(given[0], given)


def squeue(*_: str) -> None:
    """List all jobs."""
    print("JOBID STATE")
    for state in HOME.glob("*/state"):
        print(state.parent.name, state.read_text())


def scancel(*words: str) -> None:
    """Send a signal to a job, or end it; nothing here is ever pending."""
    *options, number = words
    if "--state=PENDING" in options:
        return
    named = [re.sub("--signal=", "SIG", one) for one in options if "--signal" in one]
    if not named:
        (HOME / number / "state").write_text("CANCELLED")
    _signal(number, signal.Signals[named[0]] if named else signal.SIGKILL)


def scontrol(action: str, number: str) -> None:
    """Requeue a job."""
    assert action == "requeue"
    (HOME / number / "requeue").touch()
    _signal(number, signal.SIGTERM)


def _signal(number: str, one: signal.Signals) -> None:
    root = int((HOME / number / "pid").read_text())
    for pid in [*_below(root)] + ([root] if one is signal.SIGKILL else []):
        if pid != os.getpid():
            try:
                os.kill(pid, one)
            except ProcessLookupError:
                continue


def _below(root: int) -> Iterator[int]:
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(file.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if parent == root:
            pid = int(file.parent.name)
            yield pid
            yield from _below(pid)


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
