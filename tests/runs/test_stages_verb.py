"""`bioner stages` on a small store: what it refuses, lists and removes."""

from pathlib import Path

import pytest

from bioner.config.stages import StagesConfig, to_stages_config
from bioner.errors import ConfigError
from bioner.runs.stages_verb import act
from bioner.runs.store import stored_stage
from tests.composition import composed
from tests.runs.test_store import Trainer


def configured(*overrides: str) -> StagesConfig:
    return to_stages_config(composed(*overrides, verb="stages"))


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["action=prune"], "names: is empty; name stages to prune"),
        (["action=prune", "names=['']"], "names: holds an empty name, with which every key"),
        (["names=[a]"], "names: is given, but the action is list"),
        (["broken=true"], "broken: is given, but the action is list"),
        (["action=prune", "idle_days=-1"], "idle_days: is -1"),
    ],
)
def test_refused(overrides: list[str], message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        configured(*overrides)
    assert str(raised.value).startswith(message)


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    for key in ("abc1", "abd2", "xyz3"):
        stored_stage(tmp_path / ".stages", key, Trainer())
    (tmp_path / ".stages" / "xyz3" / "stage.json").write_text("{")
    return tmp_path


def left(runs: Path) -> set[str]:
    return {place.name for place in (runs / ".stages").iterdir() if place.is_dir()}


def test_list(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    act_on = configured(f"runs_dir={runs}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", "200")
        act(act_on)
    text = capsys.readouterr().out
    assert "3 stages" in text and "damaged" in text
    assert "abc1" in text and "demo_disease" in text and "50.00" in text


@pytest.mark.parametrize(
    ("overrides", "stays"),
    [
        (["names=[ab]"], {"xyz3"}),
        (["names=[abc1]"], {"abd2", "xyz3"}),
        (["broken=true"], {"abc1", "abd2"}),
        (["idle_days=1"], {"abc1", "abd2", "xyz3"}),
        (["idle_days=0"], set()),
    ],
)
def test_prune(overrides: list[str], stays: set[str], runs: Path) -> None:
    act(configured("action=prune", f"runs_dir={runs}", *overrides))
    assert left(runs) == stays


def test_prune_of_an_unknown_stage_removes_nothing(runs: Path) -> None:
    with pytest.raises(ConfigError, match="no stage 'abx'"):
        act(configured("action=prune", "names=[abc1,abx]", f"runs_dir={runs}"))
    assert left(runs) == {"abc1", "abd2", "xyz3"}
