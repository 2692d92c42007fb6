"""User CPU seconds until an answer, and of a grid's further job, started anew and from warm.

python experiments/speed/starting.py [--rounds 5] [--only typo skip …]

Everything is started in turn, round after round; README.md beside this file has the bars.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from ratios import spread, times_faster

from bioner.grid.start import Start, start_anew
from bioner.grid.warm import MODULES, Warm

_RUN = ["train", "finetune.targets=[demo_disease]", "encoder=tiny", "logger=none"]
_TINY = [*_RUN, "finetune.epochs=1", "head.start=random", "batch.sentences=32", "rerun=true"]
_FIRST = [*_TINY, "trainer._target_=first_update.Trainer", "study=first"]
_ANSWERS = {
    "typo": ["train", "finetune.targts=[demo_disease]"],
    "datasets": ["datasets"],
    "stages": ["stages"],
    "dry_run": [*_RUN, "seed=2", "dry_run=true"],
    "--cfg job": [*_RUN, "--cfg", "job"],
    "skip": _RUN,
}


def answer(words: Sequence[str]) -> float:
    """Return the user CPU seconds of a command."""
    started = subprocess.Popen(
        [sys.executable, "-m", "bioner", *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return os.wait4(started.pid, 0)[2].ru_utime


def job(start: Start, words: Sequence[str]) -> float:
    """Return the user CPU seconds of a job of a grid, or those until its first update.

    Raises:
        SystemExit: it fails.
    """
    started = start(["-m", "bioner", *words], {})
    assert started.stdout is not None
    with started.stdout as output:
        said = output.read().decode()
    _, status, usage = os.wait4(started.pid, 0)
    if os.waitstatus_to_exitcode(status):
        raise SystemExit(said)
    first = said.partition("first update: ")[2]
    return float(first.split()[0]) if first else usage.ru_utime


def measured(tried: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Return what each took, round after round, after one that counts for nothing."""
    found: dict[str, list[float]] = {name: [] for name in tried}
    for number in range(rounds + 1):
        for name, one in tried.items():
            seconds = one()
            if number:
                found[name].append(seconds)
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="+", help="names of the table")
    asked = parser.parse_args()
    variables = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "RAYON_NUM_THREADS": "1"}
    os.environ |= variables | {"PYTHONPATH": _paths()}
    with TemporaryDirectory() as folder:
        os.chdir(folder)
        subprocess.run([sys.executable, "-m", "bioner", *_RUN, "finetune.epochs=1"], check=True)
        tried = {name: lambda words=words: answer(words) for name, words in _ANSWERS.items()}
        warm = Warm({}, MODULES)
        for name, words in (("job", _TINY), ("first update", _FIRST)):
            tried[f"{name}, anew"] = lambda words=words: job(start_anew, words)
            tried[f"{name}, warm"] = lambda words=words: job(warm.start, words)
        chosen = {name: one for name, one in tried.items() if name in (asked.only or tried)}
        found = measured(chosen, asked.rounds)
    for name, seconds in found.items():
        print(f"{name:20} {spread(seconds)} s")
        anew = found.get(name.replace("warm", "anew"))
        if name.endswith("warm") and anew:
            print(f"{'':20} {times_faster(seconds, anew)} times faster")


def _paths() -> str:
    """Return where jobs find bioner and `first_update`."""
    here = Path(__file__).parent
    given = os.environ.get("PYTHONPATH", "")
    return os.pathsep.join(filter(None, [str(here), str(here.parents[1]), given]))


if __name__ == "__main__":
    main()
