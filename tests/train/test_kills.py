"""A run that is killed anywhere and started again ends as one that was not."""

from pathlib import Path

import pytest

from tests.torments import torment


def killed(report: dict[str, int]) -> int:
    return report.get("SIGKILL", 0) + report.get("SIGTERM", 0)


def test_a_handful_of_kills(tmp_path: Path) -> None:
    found = torment("tests.train.kills", tmp_path, "transfer:3", "uncertainty:3")
    assert [killed(one) for one in found] == [3, 3]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("regime", "kills"),
    [("single", 25), ("mtl", 25), ("transfer", 25), ("uncertainty", 15), ("ddp", 10)],
)
def test_a_hundred_kills(regime: str, kills: int, tmp_path: Path) -> None:
    (found,) = torment("tests.train.kills", tmp_path, f"{regime}:{kills}", seed=2)
    assert killed(found) == kills
