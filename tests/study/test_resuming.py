"""What a stage has cost, over all its starts."""

from pathlib import Path
from typing import Any

import pytest
from pytorch_lightning.demos.boring_classes import BoringModel

from bioner.study.resuming import Checkpoint


def test_what_lies_behind_the_checkpoint_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr("time.perf_counter", lambda: now[0])
    trainer: Any = None
    module: Any = BoringModel()
    module.words_seen = 30
    saved: dict[str, Any] = {}
    first = Checkpoint(tmp_path / "a.ckpt")
    now[0] += 50  # loading is no training
    first.on_fit_start(trainer, module)
    now[0] += 8
    first.on_save_checkpoint(trainer, module, saved)
    again = Checkpoint(tmp_path / "a.ckpt")
    now[0] += 1000
    again.on_load_checkpoint(trainer, module, saved)
    again.on_fit_start(trainer, module)
    now[0] += 4
    module.words_seen = 12
    assert (again.earlier_seconds, again.seconds()) == (8, 12)
    assert again.words(module) == 42
    other = Checkpoint(tmp_path / "a.ckpt")
    other.on_load_checkpoint(trainer, module, {})  # of a version that noted nothing
    assert (other.earlier_seconds, other.words(module)) == (0, 12)
