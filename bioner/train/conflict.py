"""Whether the tasks of a stage pull the shared weights the same way, looked at while they train."""

import re
from collections.abc import Mapping
from itertools import combinations
from typing import Any

import numpy as np
import torch
from torch import Tensor

from bioner.batches.batch import Batch
from bioner.batches.window import Window
from bioner.model.module import TaggingModule
from bioner.model.network import Network
from bioner.runs.stage_record import Conflict
from bioner.train.looks import Looks, resting
from bioner.train.tasks import Task

ALL = "all"
"""The part that is all of the shared weights."""

_LAYER = re.compile(r"\.layers?\.(\d+)\.")

Cosines = dict[str, dict[str, dict[str, float]]]
"""Of a part, a task and a later one the cosine of their gradients."""


class GradientConflict(Looks):
    """Measures the cosine of the tasks' gradients, over all shared weights and over each layer.

    Below 0 two tasks conflict (Yu et al. 2020, "Gradient Surgery for Multi-Task Learning", arXiv
    2001.06782, definition 1). Dropout is off, all in float32. A look costs one backward pass a
    task, and the memory of one gradient for each. Arguments as in `Looks`.
    """

    def __init__(
        self, tasks: Mapping[str, Task], every: int, sentences: int, window: Window, seed: int
    ) -> None:
        super().__init__(tasks, every, sentences, window, seed)
        self._sums: Cosines = {}

    def result(self) -> Conflict:
        """Return what the record says: the mean over all looks."""
        count = max(1, self._looks)
        means = {
            part: {i: {j: total / count for j, total in of.items()} for i, of in pairs.items()}
            for part, pairs in self._sums.items()
        }
        overall = means.pop(ALL, {})
        return Conflict(self._every, self._looks, overall, means)

    def see(
        self, module: TaggingModule, batches: Mapping[str, Batch], rate: float
    ) -> dict[str, float] | None:
        """Add the cosines up. See `Looks.see`."""
        found = cosines(module.network, batches)
        if found is None:
            return None
        points = {}
        for part, pairs in found.items():
            for i, of in pairs.items():
                held = self._sums.setdefault(part, {}).setdefault(i, {})
                for j, cosine in of.items():
                    held[j] = held.get(j, 0.0) + cosine
                    points["/".join(["conflict", i, j, *([] if part == ALL else [part])])] = cosine
        return points

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint keeps."""
        return {"sums": self._sums, "looks": self._looks}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a checkpoint."""
        self._sums, self._looks = state_dict["sums"], state_dict["looks"]


def cosines(network: Network, batches: Mapping[str, Batch]) -> Cosines | None:
    """Return the cosines of the gradients of each two tasks, by the parts of the shared weights.

    Args:
        network: stays as it is.
        batches: one of each task.

    Returns:
        None where nothing is shared, a batch has no word that the tokenizer knows, or a gradient is
        0 or no number in some part: then a cosine says nothing.
    """
    if any(len(batch.tags) == 0 for batch in batches.values()):
        return None
    own = {*network.shared()}
    if not own:
        return None
    shared = {name: p for name, p in network.named_parameters() if p in own}
    gradients = {}
    with resting(network), torch.enable_grad():
        for name, batch in batches.items():
            found = torch.autograd.grad(
                network.loss(batch), [*shared.values()], materialize_grads=True
            )
            gradients[name] = dict(zip(shared, found, strict=True))
    parts: dict[str, list[str]] = {ALL: [*shared]}
    for name in shared:
        parts.setdefault(_part(name), []).append(name)
    cosine: Cosines = {}
    for part, names in parts.items():
        norms = {task: _dot(of, of, names) ** 0.5 for task, of in gradients.items()}
        if not np.isfinite([*norms.values()]).all() or min(norms.values()) == 0:
            return None
        for i, j in combinations(gradients, 2):
            value = _dot(gradients[i], gradients[j], names) / (norms[i] * norms[j])
            cosine.setdefault(part, {}).setdefault(i, {})[j] = value
    return cosine


def _part(name: str) -> str:
    """Return the part that a weight belongs to, by its full name."""
    if name.startswith("heads."):
        return "heads"
    if name.startswith("encoder.syntax."):
        return "syntax"
    layer = _LAYER.search(name)
    return f"layer {int(layer[1]) + 1}" if layer else "embeddings"


def _dot(one: Mapping[str, Tensor], other: Mapping[str, Tensor], names: list[str]) -> float:
    return sum(float((one[name] * other[name]).sum()) for name in names)
