"""The quick variants of the experiments, run whole on the real corpora."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bioner.config.config_folders import experiments
from tests.grid.grids import rows

QUICK = [name for name in experiments() if name.startswith("quick/")]


@pytest.mark.slow
@pytest.mark.parametrize("name", QUICK)
def test_quick_experiment(name: str, corpora: Path, tmp_path: Path) -> None:
    ended = subprocess.run(
        [
            sys.executable,
            "-m",
            "bioner",
            "train",
            "-m",
            f"experiment={name}",
            "logger=none",
            f"datasets_dir={corpora}",
            f"cache_dir={tmp_path}/cache",
        ],
        cwd=tmp_path,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    found = [row.split()[:2] for row in rows(ended.stdout)]
    assert {state for state, _ in found} == {"done"}
    assert max(float(f1) for _, f1 in found) > 0.1  # learnt in so few updates
