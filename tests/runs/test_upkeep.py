"""Stages are listed with their state, and removed unless a process holds them."""

import os
import threading
import time
from pathlib import Path

import pytest
from filelock import FileLock

from bioner.runs.store import stored_stage
from bioner.runs.upkeep import Removal, State, list_stages, remove_stage
from tests.runs.test_store import ABOUT, Trainer


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store of a whole, a damaged, an unfinished and a busy stage."""
    for key in ("whole", "damaged", "halfway"):
        stored_stage(tmp_path, key, Trainer())
    weights = tmp_path / "damaged" / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    (tmp_path / "halfway" / "stage.json").unlink()
    (tmp_path / "empty").mkdir()
    return tmp_path


def test_states(store: Path) -> None:
    stages = {stage.key: stage for stage in list_stages(store)}
    assert {key: stage.state for key, stage in stages.items()} == {
        "whole": State.whole,
        "damaged": State.damaged,
        "halfway": State.unfinished,
        "empty": State.unfinished,
    }
    about = stages["whole"].about
    assert about is not None and about.record.best == ABOUT.record.best
    files = [f for f in (store / "whole").iterdir() if f.is_file()]
    assert stages["whole"].size == sum(f.stat().st_size for f in files)


def test_a_stage_is_whole_whatever_a_kill_left_beside_it(tmp_path: Path) -> None:
    stored_stage(tmp_path, "key", Trainer())
    (tmp_path / "key" / "partial").mkdir()
    (tmp_path / "key" / "partial" / "pretrain.ckpt").touch()
    (tmp_path / "key" / "stage.json.99.tmp").touch()
    (stage,) = list_stages(tmp_path)
    assert stage.state == State.whole and stage.about is not None
    assert stored_stage(tmp_path, "key", Trainer()).record.reused
    left = {path.name for path in (tmp_path / "key").iterdir()}
    assert left == {"stage.json", "weights.safetensors"}


def test_a_stage_whose_training_goes_on_is_unfinished(store: Path) -> None:
    (store / "damaged" / "partial").mkdir()
    states = {stage.key: stage.state for stage in list_stages(store)}
    assert states["damaged"] == State.unfinished


def test_an_empty_store(tmp_path: Path) -> None:
    assert list_stages(tmp_path / "nothing") == []


def test_use_is_noted(store: Path) -> None:
    long_ago = time.time() - 10 * 86400
    for file in (store / "whole").iterdir():
        os.utime(file, (long_ago, long_ago))
    idle = {stage.key: stage.idle_days for stage in list_stages(store)}
    assert idle["whole"] == pytest.approx(10, abs=0.1)
    stored_stage(store, "whole", Trainer())
    assert list_stages(store)[0].idle_days < 0.1


def test_remove(store: Path) -> None:
    assert remove_stage(store, "whole") == Removal.removed
    assert remove_stage(store, "whole") == Removal.gone
    assert "whole" not in {stage.key for stage in list_stages(store)}
    assert not stored_stage(store, "whole", Trainer()).record.reused
    with FileLock(store / "damaged.lock"):
        states = {stage.key: stage.state for stage in list_stages(store)}
        assert states["damaged"] == State.busy
        assert remove_stage(store, "damaged") == Removal.held
    assert (store / "damaged").is_dir()


def test_of_a_link_the_link_is_removed(store: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path.parent / f"{tmp_path.name}_elsewhere"
    (store / "whole").rename(elsewhere)
    (store / "whole").symlink_to(elsewhere)
    assert remove_stage(store, "whole") == Removal.removed
    assert not (store / "whole").exists() and (elsewhere / "weights.safetensors").is_file()


def test_stages_that_vanish_while_they_are_listed(store: Path) -> None:
    stop = threading.Event()

    def come_and_go() -> None:
        while not stop.is_set():
            (store / "whole" / "a.tmp").touch()
            (store / "passing").mkdir(exist_ok=True)
            (store / "whole" / "a.tmp").unlink()
            (store / "passing").rmdir()

    other = threading.Thread(target=come_and_go)
    other.start()
    try:
        for _ in range(200):
            assert {"whole", "damaged"} <= {stage.key for stage in list_stages(store)}
    finally:
        stop.set()
        other.join()
