"""The tables on the page of `experiments/fit` are what its script prints of the study's archive."""

import subprocess
import sys
import tarfile
from pathlib import Path

EXPERIMENTS = Path(__file__).parents[2] / "experiments"


def test_replayed(tmp_path: Path) -> None:
    with tarfile.open(EXPERIMENTS / "lowres" / "lowres10.tar.xz") as archive:
        archive.extractall(tmp_path, filter="data")
    words = [sys.executable, str(EXPERIMENTS / "fit" / "replay.py"), str(tmp_path)]
    printed = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    assert printed.count("| candidates |") == 1
    page = (EXPERIMENTS / "fit" / "README.md").read_text()
    assert printed.strip() in page
