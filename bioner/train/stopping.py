"""Stops the last stage of a run on its way, to go on later as if nothing had been."""

from dataclasses import dataclass

import pytorch_lightning as pl

from bioner.runs.course import Course
from bioner.train.resuming import Checkpoint
from bioner.train.selection import KeepSelected


class StoppedOnTheWay(BaseException):
    """The last stage has come as far as it was to. No error, so that none is recorded.

    Args:
        course: what it has given.
    """

    def __init__(self, course: Course) -> None:
        super().__init__(
            f"stopped after epoch {course.epochs}; a later stop_after goes on from there"
        )
        self.course = course


@dataclass(frozen=True)
class Stop:
    """After how many epochs a stage stops on the way, and its key."""

    epochs: int
    key: str


class StopAfter(pl.Callback):
    """Ends a training after an epoch with a checkpoint, unless it ends there by itself.

    The plan stays that of the whole stage: rates and mixing are what they would be without it.

    Args:
        stop: when, and of which stage.
        selected: knows what devel gave; it must look at devel before this does.
        checkpoint: writes one.
    """

    def __init__(self, stop: Stop, selected: KeepSelected, checkpoint: Checkpoint) -> None:
        self._at, self._selected, self._checkpoint = stop, selected, checkpoint

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Stop at once, where the checkpoint is of as many epochs."""
        if self._is_far_enough(trainer):
            self._stop(trainer)

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Write the checkpoint and stop, where it is time."""
        if self._is_far_enough(trainer):
            self._checkpoint.write(trainer)
            self._stop(trainer)

    def _is_far_enough(self, trainer: pl.Trainer) -> bool:
        done = len(self._selected.looks)
        assert trainer.max_epochs is not None
        return self._at.epochs <= done < trainer.max_epochs and not trainer.should_stop

    def _stop(self, trainer: pl.Trainer) -> None:
        if not trainer.is_global_zero:
            # Lightning kills the first process where another ends with an error.
            raise SystemExit(0)
        seconds = {self._at.key: self._checkpoint.seconds()}
        raise StoppedOnTheWay(Course(self._selected.looks, seconds))
