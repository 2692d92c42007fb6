"""A verb that is killed, or whose disk is full, at any write leaves nothing half-written."""

from pathlib import Path

import pytest

from tests.torments import torment


def test_a_few_ends(tmp_path: Path) -> None:
    asked = ("fetch:kill:3", "predict:kill:3", "predict:full:4", "train:full:2")
    found = torment("tests.kills_of_verbs", tmp_path, *asked)
    assert [one["ended"] > 0 for one in found] == [True] * 4


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
    (found,) = torment("tests.kills_of_verbs", tmp_path, f"{verb}:{how}:{times}", seed=2)
    assert found["ended"] > 0
