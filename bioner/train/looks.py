"""Looks at how tasks get on while they train together, which training does not notice."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np
import pytorch_lightning as pl
from torch import nn

from bioner.batches.batch import Batch, Update
from bioner.batches.window import Window
from bioner.model.module import TaggingModule
from bioner.train.tasks import Task


class Looks(pl.Callback):
    """Every so many updates, looks at a batch of each task, drawn anew from its train sentences.

    No weight, gradient or random state of the training changes.

    Args:
        tasks: those that train together.
        every: updates from one look to the next, the first before the first update.
        sentences: in a batch of a task, or stretches of them.
        window: how rows are cut.
        seed: of the batches, together with the step.
    """

    def __init__(
        self, tasks: Mapping[str, Task], every: int, sentences: int, window: Window, seed: int
    ) -> None:
        self._tasks, self._every, self._window, self._seed = tasks, every, window, seed
        self._sentences = sentences
        self._looks = 0

    @abstractmethod
    def see(
        self, module: TaggingModule, batches: Mapping[str, Batch], rate: float
    ) -> dict[str, float] | None:
        """Look, and return the points that are logged; None where there was nothing to see.

        Args:
            module: stays as it is.
            batches: one of each task.
            rate: of the encoder, at the step.
        """

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Update, batch_idx: int
    ) -> None:
        """Look, where it is time to; the first process alone does."""
        if trainer.global_step % self._every or not trainer.is_global_zero:
            return
        assert isinstance(pl_module, TaggingModule)
        rate = trainer.optimizers[0].param_groups[0]["lr"]
        batches = {name: one.to(pl_module.device) for name, one in self._draw(trainer.global_step)}
        points = self.see(pl_module, batches, rate)
        if points is None:
            return
        self._looks += 1
        for logger in trainer.loggers:
            logger.log_metrics(points, step=trainer.global_step)

    def _draw(self, step: int) -> Iterator[tuple[str, Batch]]:
        random = np.random.default_rng([self._seed, step])
        for name, task in self._tasks.items():
            stretches = self._window.stretches(name, task.training, task.used)
            size = min(self._sentences, len(stretches))
            drawn = stretches.take(random.choice(len(stretches), size, replace=False))
            yield name, self._window.batch(name, task.training, drawn)


@contextmanager
def resting(module: nn.Module) -> Iterator[None]:
    """Turn dropout off, and every part back to what it was."""
    training = {part: part.training for part in module.modules()}
    module.eval()
    try:
        yield
    finally:
        for part, flag in training.items():
            part.training = flag
