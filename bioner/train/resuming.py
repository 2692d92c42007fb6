"""What a killed stage goes on from, and what it has cost so far."""

import logging
import time
from collections.abc import Mapping
from pathlib import Path
from signal import Signals
from typing import Any, cast

import pytorch_lightning as pl
import torch
from torch import Tensor

from bioner.errors import Stopped
from bioner.machine.processes import is_first, meet
from bioner.machine.signals import END_SIGNALS
from bioner.machine.writing import gone_if_it_fails, naming
from bioner.model.module import TaggingModule
from bioner.train.checkpoint_file import LAYOUT, put_in_place, set_aside_if_useless

log = logging.getLogger(__name__)

# Lightning's name for how far the scoring of devel is, among the loops in a checkpoint.
_SCORING = "epoch_loop.val_loop.batch_progress"


class Checkpoint(pl.Callback):
    """Writes a checkpoint every few minutes, and where the process is asked to end, which it does.

    One is written between two updates, between the last update of an epoch and the scoring of
    devel, and after that: in each of these places a stage goes on as if nothing had been.

    Args:
        file: where to.
        stage: its name, for messages.
        key: the hash of all that determines the stage, its files among that.
        minutes: from one checkpoint to the next.
    """

    def __init__(self, file: Path, stage: str, key: str, minutes: float) -> None:
        self._file, self._stage, self._key = file, stage, key
        self._every, self._last = 60 * minutes, time.monotonic()
        self._started, self._seconds, self._words = time.perf_counter(), 0.0, 0
        self._threads: list[int] = []

    @property
    def earlier_seconds(self) -> float:
        """The seconds of training before the checkpoint that this start went on from."""
        return self._seconds

    @property
    def threads(self) -> list[int]:
        """The numbers of CPU threads of all starts, each once, that of this one last."""
        now = torch.get_num_threads()
        return [*(number for number in self._threads if number != now), now]

    def seconds(self) -> float:
        """Return the seconds of training, those before the checkpoint included."""
        return self._seconds + time.perf_counter() - self._started

    def words(self, module: TaggingModule) -> int:
        """Return the words trained on, those before the checkpoint included."""
        return self._words + module.words_seen

    def found(self, module: Mapping[str, Tensor]) -> Path | None:
        """Return the checkpoint that an earlier start left, or None; set aside a useless one.

        Args:
            module: the tensors of the module that goes on, by name.
        """
        if is_first():
            set_aside_if_useless(self._file, self._stage, self._key, module)
        meet()
        if not self._file.exists():
            return None
        log.info("%s: goes on from %s", self._stage, self._file)
        return self._file

    def on_fit_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Start the clock."""
        self._started = time.perf_counter()

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Keep the signals that ask for the end until a checkpoint can be written.

        They are taken over here, since Lightning has handlers of its own by now, one of which
        waits for the other processes wherever they are.
        """
        END_SIGNALS.listen()
        END_SIGNALS.keep(True)

    def on_predict_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Hear the signals at once while the selected weights are scored."""
        END_SIGNALS.listen()

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, *args: Any
    ) -> None:
        """Write one if it is time; not after the last update, where Lightning would not score."""
        if not trainer.is_last_batch:
            self._look(trainer)

    def on_validation_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Write one if it is time."""
        self._look(trainer)

    def on_validation_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, *args: Any
    ) -> None:
        """Leave the scoring of devel when asked to end; several processes share it unequally."""
        if trainer.world_size == 1 and END_SIGNALS.asked is not None:
            self._look(trainer)

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Write one if it is time."""
        self._look(trainer)

    def teardown(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        """Let the signals end the process at once again."""
        END_SIGNALS.keep(False)

    def _look(self, trainer: pl.Trainer) -> None:
        """Write a checkpoint if it is time; write one and end if that is asked of any process."""
        due = trainer.is_global_zero and time.monotonic() - self._last >= self._every
        asked = END_SIGNALS.asked
        # All processes save or none does: their clocks differ, and saving waits for all.
        agreed = _largest(trainer, int(due) if asked is None else asked + 1)
        if agreed == 0:
            return
        self.write(trainer)
        if agreed == 1:
            return
        if not trainer.is_global_zero:
            # Lightning kills the first process where another ends with an error.
            raise SystemExit(0)
        left = f"the same command goes on from step {trainer.global_step} of {self._stage}"
        raise Stopped(Signals(agreed - 1), left)

    def write(self, trainer: pl.Trainer) -> None:
        """Write a checkpoint; all processes do so together."""
        temporary = self._file.with_suffix(".tmp")
        with naming(self._file), gone_if_it_fails(temporary):
            trainer.save_checkpoint(temporary)
            if trainer.is_global_zero:
                put_in_place(temporary, self._file)
        self._last = time.monotonic()

    def on_save_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Add what has been spent so far."""
        words = self.words(cast(TaggingModule, pl_module))
        spent = {"seconds": self.seconds(), "words": words, "threads": self.threads}
        checkpoint |= {"spent": spent, "layout": LAYOUT, "key": self._key}
        if trainer.validating:
            # Lightning then scores devel again from its first batch, and goes on from there.
            begun = {"ready": 1, "started": 1, "processed": 0, "completed": 0}
            progress = {"total": begun, "current": dict(begun), "is_last_batch": False}
            checkpoint["loops"]["fit_loop"][_SCORING] = progress

    def on_load_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Go on counting from what had been spent; say where the number of threads has changed."""
        spent = checkpoint["spent"]
        self._seconds, self._words = spent["seconds"], spent["words"]
        self._threads = spent["threads"]
        if self._threads and self._threads[-1] != (now := torch.get_num_threads()):
            log.warning(
                "%s: goes on with %d CPU threads and had %d before: sums are rounded in "
                "another order, so the last bits of its results may be others than else",
                self._stage,
                now,
                self._threads[-1],
            )


def _largest(trainer: pl.Trainer, number: int) -> int:
    """Return the largest of the numbers that the processes of a run bring."""
    if trainer.world_size == 1:
        return number
    mine = torch.tensor(number, device=trainer.strategy.root_device)
    return int(cast(Tensor, trainer.strategy.reduce(mine, reduce_op="max")))
