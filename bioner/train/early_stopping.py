"""Ends a stage before its last epoch where devel has not become better for some epochs."""

import logging
from typing import Any

import pytorch_lightning as pl

from bioner.train.selection import KeepSelected

log = logging.getLogger(__name__)


class StopEarly(pl.Callback):
    """Ends a stage after an epoch, where no group of tasks has had a better devel F1 for long.

    The plan stays that of the whole stage: rates and mixing are what they would be without it.

    Args:
        stage: its name, for messages.
        patience: epochs.
        selected: knows when each group was best; it must look at devel before this does.

    Attributes:
        epoch: the one after which the stage was ended, from 1; None: it was not.
    """

    def __init__(self, stage: str, patience: int, selected: KeepSelected) -> None:
        self._stage, self._patience, self._selected = stage, patience, selected
        self.epoch: int | None = None

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """End at once, where the checkpoint was written after the last epoch."""
        trainer.should_stop = self.epoch is not None

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Look how long ago devel was best."""
        epoch = trainer.current_epoch + 1
        # Without a devel mention there is no F1, and each epoch is as good as the last.
        known = [best.epoch for best in self._selected.best.values() if best.f1 is not None]
        waited = epoch - max(known, default=epoch)
        assert trainer.max_epochs is not None
        if waited < self._patience or epoch >= trainer.max_epochs:
            return
        self.epoch, trainer.should_stop = epoch, True
        log.info(
            "%s: stopped after epoch %d of %d: no better devel F1 for %d epochs",
            self._stage,
            epoch,
            trainer.max_epochs,
            waited,
        )

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint keeps."""
        return {"epoch": self.epoch}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a checkpoint."""
        self.epoch = state_dict["epoch"]
