"""What one task's update does to the other tasks' losses, looked at while they train together."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.func import functional_call

from bioner.batches.batch import Batch, Update
from bioner.batches.datamodule import Window
from bioner.model.module import TaggingModule
from bioner.model.network import Network
from bioner.runs.stage_record import Affinity
from bioner.train.tasks import Task


class LookaheadAffinity(pl.Callback):
    """Every so many updates, tries an update on each task alone and takes it back.

    The affinity of task i to task j at a step is 1 - L_j(after) / L_j(before): L_j is the loss of a
    batch of j, and in between the shared encoder alone has moved by one plain gradient step, of
    the encoder's learning rate at that step, on a batch of i (Fifty et al. 2021, "Efficiently
    Identifying Task Groupings for Multi-Task Learning", arXiv 2109.04617, section 3). Positive:
    what i teaches helps j. The batches are drawn anew from each task's training sentences, dropout
    is off, all in float32.

    Training goes on as if nobody had looked: no weight, gradient or random state changes. A look
    costs one backward pass a task and one forward pass a pair of tasks.

    Args:
        tasks: those that train together.
        every: updates from one look to the next, the first before the first update.
        sentences: in a batch of a task.
        window: how rows are cut.
        seed: of the batches, together with the step.
    """

    def __init__(
        self, tasks: Mapping[str, Task], every: int, sentences: int, window: Window, seed: int
    ) -> None:
        self._tasks, self._every, self._window, self._seed = tasks, every, window, seed
        self._sentences = sentences
        self._sums: dict[str, dict[str, float]] = {i: dict.fromkeys(tasks, 0.0) for i in tasks}
        self._looks = 0

    def result(self) -> Affinity:
        """Return what the record says: the mean over all looks, `onto[i][j]` of task i to j."""
        count = max(1, self._looks)
        onto = {i: {j: total / count for j, total in of.items()} for i, of in self._sums.items()}
        return Affinity(self._every, self._looks, onto)

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Update, batch_idx: int
    ) -> None:
        """Look, where it is time to; the first process alone does."""
        if trainer.global_step % self._every or not trainer.is_global_zero:
            return
        assert isinstance(pl_module, TaggingModule)
        network = pl_module.network
        rate = trainer.optimizers[0].param_groups[0]["lr"]
        batches = {name: one.to(pl_module.device) for name, one in self._draw(trainer.global_step)}
        found = look(network, batches, rate)
        if found is None:
            return
        self._looks += 1
        for i, onto in found.items():
            for j, value in onto.items():
                self._sums[i][j] += value
        points = {f"affinity/{i}/{j}": v for i, onto in found.items() for j, v in onto.items()}
        for logger in trainer.loggers:
            logger.log_metrics(points, step=trainer.global_step)

    def _draw(self, step: int) -> Iterator[tuple[str, Batch]]:
        random = np.random.default_rng([self._seed, step])
        for name, task in self._tasks.items():
            size = min(self._sentences, len(task.used))
            drawn = random.choice(task.used, size, replace=False)
            yield name, self._window.batch(name, task.training, drawn)

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint keeps."""
        return {"sums": self._sums, "looks": self._looks}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a checkpoint."""
        self._sums, self._looks = state_dict["sums"], state_dict["looks"]


def look(
    network: Network, batches: Mapping[str, Batch], rate: float
) -> dict[str, dict[str, float]] | None:
    """Return the affinity of each task (outer key) to each, itself included.

    Args:
        network: stays as it is.
        batches: one of each task.
        rate: of the step that is tried.

    Returns:
        None where a batch has no word that the tokenizer knows, or a loss is not above 0 or not
        finite: then a ratio says nothing. Nor does it where the whole encoder is frozen.
    """
    weights = {n: p for n, p in network.encoder.named_parameters() if p.requires_grad}
    if not weights or any(len(batch.tags) == 0 for batch in batches.values()):
        return None
    before: dict[str, float] = {}
    after: dict[str, dict[str, float]] = {}
    with _resting(network):
        for name, own in batches.items():
            with torch.enable_grad():
                loss = _loss(network, own, weights)
                steps = torch.autograd.grad(loss, list(weights.values()), allow_unused=True)
            before[name] = float(loss.detach())
            with torch.no_grad():
                moved = {
                    key: weight if step is None else weight - rate * step
                    for (key, weight), step in zip(weights.items(), steps, strict=True)
                }
                after[name] = {j: float(_loss(network, one, moved)) for j, one in batches.items()}
    losses = [*before.values(), *(loss for onto in after.values() for loss in onto.values())]
    if min(before.values()) <= 0 or not np.isfinite(losses).all():
        return None
    return {i: {j: 1 - onto[j] / before[j] for j in onto} for i, onto in after.items()}


def _loss(network: Network, batch: Batch, weights: Mapping[str, Tensor]) -> Tensor:
    vectors = functional_call(network.encoder, dict(weights), (batch,))
    return network.bank.loss(batch.task, vectors, batch.words, batch.tags)


@contextmanager
def _resting(module: nn.Module) -> Iterator[None]:
    """Turn dropout off, and every part back to what it was."""
    training = {part: part.training for part in module.modules()}
    module.eval()
    try:
        yield
    finally:
        for part, flag in training.items():
            part.training = flag
