"""What a killed stage goes on from, and what it has cost so far."""

import logging
import time
import zipfile
from pathlib import Path
from typing import Any, cast

import pytorch_lightning as pl
import torch
from pytorch_lightning.plugins.io import TorchCheckpointIO

from bioner.model.module import TaggingModule

log = logging.getLogger(__name__)

# Seconds between two checkpoints; a run killed before the first starts anew.
CHECKPOINT_SECONDS = 60.0


class StreamedCheckpoints(TorchCheckpointIO):
    """Writes a checkpoint straight to its file, where Lightning makes two copies in memory first.

    That the file appears whole or not at all, `Checkpoint` sees to.
    """

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: str | Path, storage_options: object = None
    ) -> None:
        """Write it; there are no storage options."""
        torch.save(checkpoint, path)


class Checkpoint(pl.Callback):
    """Writes a checkpoint at the end of an epoch, at most once a minute.

    Args:
        file: where to.
    """

    def __init__(self, file: Path) -> None:
        self._file, self._last = file, time.monotonic()
        self._started, self._seconds, self._words = time.perf_counter(), 0.0, 0

    @property
    def earlier_seconds(self) -> float:
        """The seconds of training before the checkpoint that this start went on from."""
        return self._seconds

    def seconds(self) -> float:
        """Return the seconds of training, those before the checkpoint included."""
        return self._seconds + time.perf_counter() - self._started

    def words(self, module: TaggingModule) -> int:
        """Return the words trained on, those before the checkpoint included."""
        return self._words + module.words_seen

    def found(self, stage: str) -> Path | None:
        """Return the checkpoint that an earlier start left, or None; drop a damaged one."""
        if not self._file.exists():
            return None
        if not zipfile.is_zipfile(self._file):  # cut off where the machine went down
            log.warning("%s: %s is damaged; it starts anew", stage, self._file)
            self._file.unlink(missing_ok=True)
            return None
        log.info("%s: goes on from %s", stage, self._file)
        return self._file

    def on_fit_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Start the clock."""
        self._started = time.perf_counter()

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Write the checkpoint, if it is time."""
        due = time.monotonic() - self._last >= CHECKPOINT_SECONDS
        # All processes save or none does: their clocks differ, and saving waits for all.
        if not trainer.strategy.broadcast(due):
            return
        temporary = self._file.with_suffix(".tmp")
        trainer.save_checkpoint(temporary)
        if trainer.is_global_zero:
            temporary.replace(self._file)
        self._last = time.monotonic()

    def on_save_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Add what has been spent so far."""
        words = self.words(cast(TaggingModule, pl_module))
        checkpoint["spent"] = {"seconds": self.seconds(), "words": words}

    def on_load_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Go on counting from what had been spent."""
        if "spent" in checkpoint:  # older ones lack it
            spent = checkpoint["spent"]
            self._seconds, self._words = spent["seconds"], spent["words"]
