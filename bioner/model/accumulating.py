"""The loss of a batch that is too large for the memory, from the losses of its parts."""

from collections.abc import Sequence
from typing import NamedTuple

from torch import Tensor
from torch.utils.checkpoint import checkpoint

from bioner.batches.batch import Batch, Update
from bioner.model.network import Network


class Kind(NamedTuple):
    """Batches of one loss: of a task, with gold tags or with what a teacher says."""

    task: str
    soft: bool

    @property
    def loss(self) -> str:
        """What its loss is called."""
        return "soft_loss" if self.soft else "loss"


def parts_of_tasks(update: Update) -> dict[Kind, list[Batch]]:
    """Return the parts of each loss of an update, in their order."""
    found: dict[Kind, list[Batch]] = {}
    for part in update:
        found.setdefault(Kind(part.task, part.soft is not None), []).append(part)
    return found


def loss_of_parts(network: Network, parts: Sequence[Batch], kept: Batch) -> Tensor:
    """Return the loss of a batch, a scalar with a graph.

    A loss is a mean over words, so the whole batch's is that of its parts, each weighted by its
    words. The inner values of a part are not kept for the backward pass, but computed again in it
    with the same dropout (Chen et al. 2016, arXiv 1604.06174), so that the memory holds those of
    one part at a time. So this is a loss like any other, whatever a weighting makes of it; adding
    up gradients part by part would save the second computation, but the weight of a loss is known
    only when all are.

    Args:
        network: of the stage.
        parts: of a batch of one task. One alone is the batch, and is computed once.
        kept: of all parts of the update the last, whose inner values are kept: the backward pass
            begins with it, so nothing would be saved.
    """
    if len(parts) == 1:
        return network.loss(parts[0])
    units = [network.units(part) for part in parts]
    total: Tensor | int = 0
    for part, own in zip(parts, units, strict=True):
        loss = network.loss(part) if part is kept else _computed_again(network, part)
        total = total + loss * (own / max(1, sum(units)))
    assert isinstance(total, Tensor)
    return total


def _computed_again(network: Network, part: Batch) -> Tensor:
    # By the tensor torch sees on which device the dropout is drawn that it has to repeat.
    def loss(_: Tensor) -> Tensor:
        return network.loss(part)

    found: Tensor = checkpoint(loss, part.pieces, use_reentrant=False)
    return found
