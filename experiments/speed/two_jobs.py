"""Two jobs of a grid at a time with one thread each, against one after the other with two threads.

python experiments/speed/two_jobs.py --rounds 3

Both are the same grid of two seeds of NCBI-disease; the clock on the wall is of its jobs, from
their start to their records. Nothing else should work on the machine.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

GRID = [
    "finetune.targets=[ncbi_disease]",
    "finetune.train_size=1280",
    "finetune.devel_size=32",
    "finetune.epochs=1",
    "finetune.test=false",
    "seed=1,2",
    "trainer.precision=32-true",
    "batch.sentences=32",
    "logger=none",
]


def seconds(at_once: int) -> float:
    """Return what passes from the first job's config to the last one's record."""
    with tempfile.TemporaryDirectory() as place:
        line = [sys.executable, "-m", "bioner", "train", "-m", *GRID, f"runs_dir={place}"]
        line.append(f"hydra.launcher.n_jobs={at_once}")
        free = {key: one for key, one in os.environ.items() if not key.endswith("_NUM_THREADS")}
        subprocess.run(line, check=True, stdout=subprocess.DEVNULL, env=free)
        runs = [file.parent for file in Path(place).glob("*/*/record.json")]
        begin = min((run / "config.yaml").stat().st_mtime for run in runs)
        return max((run / "record.json").stat().st_mtime for run in runs) - begin


def main() -> None:
    """Measure in turns, and print as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = [(seconds(1), seconds(2)) for _ in range(parser.parse_args().rounds)]
    ratios = sorted(one / two for one, two in rounds)
    print(json.dumps({"rounds": rounds, "faster": [median(ratios), ratios[0], ratios[-1]]}))


if __name__ == "__main__":
    main()
