"""What one sees while a stage trains: a bar on a terminal, a line per epoch elsewhere."""

import logging
import time
from typing import Any

import pytorch_lightning as pl
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from bioner.machine.terminal_bar import TerminalBar
from bioner.model.module import TaggingModule
from bioner.runs.percent import percent

log = logging.getLogger(__name__)


class StageProgress(pl.Callback):
    """One bar for the whole stage, with loss, devel F1 and ETA.

    Args:
        stage: `pretrain` or `finetune`.

    Attributes:
        steps: updates of the stage, known when its batches are planned.
    """

    def __init__(self, stage: str) -> None:
        self._stage = stage
        self.steps = 0
        self._bar = TerminalBar(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed}/{task.total} {task.fields[news]}", markup=False),
            TimeElapsedColumn(),
            TextColumn("ETA"),
            TimeRemainingColumn(),
        )
        self._started = 0.0
        self._first = 0

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Open the bar on a terminal."""
        self._started, self._first = time.monotonic(), trainer.global_step
        if trainer.is_global_zero:
            self._bar.start(self._stage, self.steps, self._first)

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, *args: Any
    ) -> None:
        """Move the bar."""
        if self._bar.shown:
            # Now and then: to read the loss is to wait for the GPU.
            news = self._news(trainer) if trainer.global_step % 10 == 0 else None
            self._bar.move(trainer.global_step, news)

    def _news(self, trainer: pl.Trainer) -> str:
        assert isinstance(trainer.lightning_module, TaggingModule)
        devel = {task: one.f1 for task, one in trainer.lightning_module.devel.items()}
        loss = f"loss {float(trainer.callback_metrics.get('loss', float('nan'))):.3f}"
        if not devel:
            return loss
        return f"{loss} devel F1 " + " ".join(f"{task} {percent(f1)}" for task, f1 in devel.items())

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Write the epoch's line."""
        done = trainer.global_step
        self._bar.move(done, self._news(trainer))
        pace = (time.monotonic() - self._started) / max(1, done - self._first)
        log.info(
            "%s epoch %d step %d/%d %s ETA %.0f s",
            self._stage,
            trainer.current_epoch + 1,
            done,
            self.steps,
            self._news(trainer),
            pace * (self.steps - done),
        )

    def close(self) -> None:
        """Take the bar down, whatever happened."""
        self._bar.stop()
