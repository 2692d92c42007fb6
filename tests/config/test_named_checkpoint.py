"""`pretrain.checkpoint` takes the names of runs that other verbs take, and their directories."""

import json
from pathlib import Path

import pytest

from bioner.config.command_line import read
from bioner.config.hydra_setup import SCHEMAS
from bioner.config.named_checkpoint import checkpoints_by_path
from bioner.errors import ConfigError


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for place in ("one/single-a-1", "one/single-b-2", "two/single-c-3"):
        folder = tmp_path / "runs" / place
        folder.mkdir(parents=True)
        (folder / "config.yaml").touch()
        (folder / "record.json").write_text(json.dumps({"status": "complete"}))
    (tmp_path / "w.safetensors").touch()
    fitted = tmp_path / "runs" / "fit" / "mine"
    fitted.mkdir(parents=True)
    (fitted / "fit.json").write_text(json.dumps({"run": "../../two/single-c-3"}))
    return tmp_path


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ("latest", "runs/two/single-c-3"),
        ("one/latest", "runs/one/single-b-2"),
        ("single-a", "runs/one/single-a-1"),
        ("one/single-b", "runs/one/single-b-2"),
        ("runs/one/single-a-1", "runs/one/single-a-1"),
        ("single-a,single-b", "runs/one/single-a-1,runs/one/single-b-2"),
        ("w.safetensors", "w.safetensors"),
        ("fit/mine", "runs/fit/mine/../../two/single-c-3"),
        ("null", "null"),
    ],
)
def test_names(given: str, path: str, runs: Path) -> None:
    words = ["train", f"pretrain.checkpoint={given}", "seed=1"]
    line = read(words, SCHEMAS)
    assert line.parsed.overrides == [f"pretrain.checkpoint={path}", "seed=1"]
    assert checkpoints_by_path(line.parsed.overrides) == line.parsed.overrides


def test_another_folder_of_runs(runs: Path) -> None:
    (runs / "runs").rename(runs / "my runs")
    words = ["runs_dir='my runs'", "pretrain.checkpoint=single-a"]
    assert checkpoints_by_path(words)[1] == "pretrain.checkpoint='my runs/one/single-a-1'"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("single", "pretrain.checkpoint: single is the beginning of 3 runs"),
        ("singel-a", r"pretrain.checkpoint: no run 'singel-a' in runs; did you mean single-a"),
        ("three/latest", "pretrain.checkpoint: is three/latest, and runs has no complete run"),
    ],
)
def test_what_is_no_run(given: str, says: str, runs: Path) -> None:
    with pytest.raises(ConfigError, match=says):
        checkpoints_by_path([f"pretrain.checkpoint={given}"])
