"""What one task's update does to the other tasks' losses, looked at while they train together."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.func import functional_call

from bioner.batches.batch import Batch
from bioner.batches.window import Window
from bioner.model.module import TaggingModule
from bioner.model.network import Network
from bioner.runs.stage_record import Affinity
from bioner.train.looks import Looks, resting
from bioner.train.tasks import Task


class LookaheadAffinity(Looks):
    """Tries an update on each task alone and takes it back.

    The affinity of task i to task j at a step is 1 - L_j(after) / L_j(before): L_j is the loss of a
    batch of j, and in between the shared encoder alone has moved by one plain gradient step, of
    the encoder's learning rate at that step, on a batch of i (Fifty et al. 2021, "Efficiently
    Identifying Task Groupings for Multi-Task Learning", arXiv 2109.04617, section 3). Positive:
    what i teaches helps j. Dropout is off, all in float32.

    A look costs one backward pass a task and one forward pass a pair of tasks. Arguments as in
    `Looks`.
    """

    def __init__(
        self, tasks: Mapping[str, Task], every: int, sentences: int, window: Window, seed: int
    ) -> None:
        super().__init__(tasks, every, sentences, window, seed)
        self._sums: dict[str, dict[str, float]] = {i: dict.fromkeys(tasks, 0.0) for i in tasks}

    def result(self) -> Affinity:
        """Return what the record says: the mean over all looks, `onto[i][j]` of task i to j."""
        count = max(1, self._looks)
        onto = {i: {j: total / count for j, total in of.items()} for i, of in self._sums.items()}
        return Affinity(self._every, self._looks, onto)

    def see(
        self, module: TaggingModule, batches: Mapping[str, Batch], rate: float
    ) -> dict[str, float] | None:
        """Add the affinities up. See `Looks.see`."""
        found = look(module.network, batches, rate)
        if found is None:
            return None
        for i, onto in found.items():
            for j, value in onto.items():
                self._sums[i][j] += value
        return {f"affinity/{i}/{j}": v for i, onto in found.items() for j, v in onto.items()}

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
    with resting(network):
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
    vectors = functional_call(network.encoder, dict(weights), (batch,), {"to_learn": True})
    return network.loss_of(vectors, batch)
