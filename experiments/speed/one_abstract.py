"""User CPU seconds from the shell to the mentions of one abstract: `bioner predict`, and a script.

python experiments/speed/one_abstract.py [--rounds 5]

The script is what a user of transformers writes: its pipeline over the folder that `bioner export`
makes of the same run.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from ratios import spread, times_faster

_RUN = ["finetune.targets=[demo_disease]", "finetune.epochs=1", "logger=none", "study=one"]
_TEXT = (
    "Germline mutations of BRCA1 and BRCA2 predispose to breast cancer and to ovarian cancer. "
    "We looked for them in 60 families with cystic fibrosis, Wilson disease or hepatitis C. "
    "Carriers were no more frequent than among controls, and none had a second carcinoma.\n"
)
_SCRIPT = """
from transformers import pipeline
tagger = pipeline("token-classification", model="exported", aggregation_strategy="first")
print(tagger(open("abstract.txt").read()))
"""
_PREDICT = ["-m", "bioner", "predict", "run=one/latest", "input=abstract.txt", "output=-"]


def seconds(words: Sequence[str]) -> float:
    """Return the user CPU seconds of a Python process that prints something.

    Raises:
        SystemExit: it prints nothing, or fails.
    """
    started = subprocess.Popen(
        [sys.executable, *words], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert started.stdout is not None
    with started.stdout as output:
        said = output.read()
    _, status, usage = os.wait4(started.pid, 0)
    if os.waitstatus_to_exitcode(status) or not said:
        raise SystemExit(f"{words} failed")
    return usage.ru_utime


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    os.environ |= {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "RAYON_NUM_THREADS": "1"}
    os.environ |= {"HF_HUB_OFFLINE": "1", "PYTHONPATH": str(Path(__file__).parents[2])}
    ours: list[float] = []
    theirs: list[float] = []
    with TemporaryDirectory() as folder:
        os.chdir(folder)
        Path("abstract.txt").write_text(_TEXT)
        for verb in (["train", *_RUN], ["export", "run=one/latest", "output=exported"]):
            subprocess.run([sys.executable, "-m", "bioner", *verb], check=True, capture_output=True)
        for number in range(rounds + 1):
            for words, found in ((_PREDICT, ours), (["-c", _SCRIPT], theirs)):
                took = seconds(words)
                if number:  # the first fills the caches
                    found.append(took)
    print(f"bioner predict      {spread(ours)} s")
    print(f"pipeline script     {spread(theirs)} s")
    print(f"bioner takes {times_faster(theirs, ours)} of the script's")


if __name__ == "__main__":
    main()
