"""What a stage has cost, over all its starts, and how its checkpoint is written."""

import tracemalloc
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from pytorch_lightning.demos.boring_classes import BoringModel
from pytorch_lightning.plugins.io import TorchCheckpointIO

from bioner.train.checkpoint_file import StreamedCheckpoints
from bioner.train.resuming import Checkpoint
from tests.train.test_run import TARGET, config_of, run


def test_what_lies_behind_the_checkpoint_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr("time.perf_counter", lambda: now[0])
    trainer = pl.Trainer(accelerator="cpu", logger=False, enable_checkpointing=False)
    module: Any = BoringModel()
    module.words_seen = 30
    saved: dict[str, Any] = {}
    first = Checkpoint(tmp_path / "a.ckpt", "finetune", 5.0)
    now[0] += 50  # loading is no training
    first.on_fit_start(trainer, module)
    now[0] += 8
    first.on_save_checkpoint(trainer, module, saved)
    again = Checkpoint(tmp_path / "a.ckpt", "finetune", 5.0)
    now[0] += 1000
    again.on_load_checkpoint(trainer, module, saved)
    again.on_fit_start(trainer, module)
    now[0] += 4
    module.words_seen = 12
    assert (again.earlier_seconds, again.seconds()) == (8, 12)
    assert again.words(module) == 42
    other = Checkpoint(tmp_path / "a.ckpt", "finetune", 5.0)
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


class OwnWay(TorchCheckpointIO):
    """A user's own way to write checkpoints."""


class Own(pl.Trainer):
    """A trainer with a plugin that writes checkpoints."""

    def __init__(self, **options: Any) -> None:
        super().__init__(plugins=[OwnWay()], **options)


@pytest.mark.parametrize("own", [False, True])
def test_a_run_writes_its_checkpoints_so_but_where_the_trainer_has_a_plugin(
    own: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []

    def noted(self: StreamedCheckpoints, checkpoint: object, path: Path, **_: object) -> None:
        written.append(Path(path).name)
        torch.save(checkpoint, path)

    monkeypatch.setattr(StreamedCheckpoints, "save_checkpoint", noted)
    trainer = [f"trainer._target_={__name__}.Own"] if own else []
    run(
        config_of(
            tmp_path,
            *TARGET,
            "finetune.train_size=32",
            "finetune.epochs=2",
            "checkpoint_minutes=0",
            *trainer,
        )
    )
    # Two updates an epoch: one after the first, one before devel is scored and one after that.
    assert written == ([] if own else ["finetune.tmp"] * 6)
