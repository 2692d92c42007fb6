"""A run that is killed anywhere and started again ends as one that was not."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


def torment(folder: Path, *regimes: str, seed: int = 1) -> list[dict[str, int]]:
    """Kill runs as `tests.train.kills` says, and return its report of each regime."""
    ended = subprocess.run(
        [sys.executable, "-m", "tests.train.kills", str(folder), str(seed), *regimes],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return [json.loads(line) for line in ended.stdout.splitlines()]


def killed(report: dict[str, int]) -> int:
    return report.get("SIGKILL", 0) + report.get("SIGTERM", 0)


def test_a_handful_of_kills(tmp_path: Path) -> None:
    found = torment(tmp_path, "transfer:3", "uncertainty:3")
    assert [killed(one) for one in found] == [3, 3]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("regime", "kills"),
    [("single", 25), ("mtl", 25), ("transfer", 25), ("uncertainty", 15), ("ddp", 10)],
)
def test_a_hundred_kills(regime: str, kills: int, tmp_path: Path) -> None:
    (found,) = torment(tmp_path, f"{regime}:{kills}", seed=2)
    assert killed(found) == kills
