"""What a stage has cost, over all its starts, and how its checkpoint is written."""

import tracemalloc
from pathlib import Path
from typing import Any

import pytest
import torch
from pytorch_lightning.demos.boring_classes import BoringModel

from bioner.study.resuming import Checkpoint, StreamedCheckpoints


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


def test_a_checkpoint_is_written_without_a_copy_in_memory(tmp_path: Path) -> None:
    file, weights = tmp_path / "a.ckpt", torch.arange(1_000_000.0)
    tracemalloc.start()
    StreamedCheckpoints().save_checkpoint({"weights": weights}, file)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1e6 < 4e6 < file.stat().st_size
    assert torch.equal(StreamedCheckpoints().load_checkpoint(file)["weights"], weights)
