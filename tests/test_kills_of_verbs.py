"""A verb that is killed, or whose disk is full, at any write leaves nothing half-written."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


def torment(folder: Path, *asked: str, seed: int = 1) -> list[dict[str, int]]:
    """End verbs as `tests.kills_of_verbs` says, and return its reports."""
    ended = subprocess.run(
        [sys.executable, "-m", "tests.kills_of_verbs", str(folder), str(seed), *asked],
        cwd=Path(__file__).parents[1],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return [json.loads(line) for line in ended.stdout.splitlines()]


def test_a_few_ends(tmp_path: Path) -> None:
    found = torment(tmp_path, "fetch:kill:3", "predict:full:4")
    assert [one["ended"] > 0 for one in found] == [True] * 2


@pytest.mark.slow
@pytest.mark.parametrize("how", ["kill", "full"])
@pytest.mark.parametrize(
    ("verb", "times"),
    [
        ("train", 40),
        ("fetch", 0),
        ("predict", 0),
        ("predict_folder", 0),
        ("export", 0),
        ("measure", 0),
        ("report", 40),
    ],
)
def test_two_hundred_ends(verb: str, times: int, how: str, tmp_path: Path) -> None:
    (found,) = torment(tmp_path, f"{verb}:{how}:{times}", seed=2)
    assert found["ended"] > 0
