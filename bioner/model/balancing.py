"""Weights of losses that follow how the tasks learn: by losses, or by the norms of gradients."""

from collections.abc import Mapping, Sequence
from functools import reduce

import torch
from torch import Tensor, nn

from bioner.model.network import Network
from bioner.model.weighting import TaskWeighting


class DynamicWeightAverage(TaskWeighting):
    """A task whose loss falls slowly counts for more (Liu et al. 2019, arXiv 1803.10704).

    With the mean loss of a task over its last window of updates, L', and over the one before, L'',
    the weights of the n tasks of an update are n * softmax(L' / (L'' * temperature)), their
    Eq. 7. They are all 1 until each of these tasks has two windows behind it.

    Args:
        tasks: see `TaskWeighting`.
        temperature: the larger, the more alike the weights.
        window: updates of a task over which its loss is averaged; an epoch in the paper.
    """

    sums: Tensor
    counts: Tensor
    means: Tensor

    def __init__(self, tasks: Sequence[str], temperature: float = 2.0, window: int = 50) -> None:
        super().__init__(tasks)
        if temperature <= 0 or window < 1:
            raise ValueError(f"temperature {temperature} and window {window} must be above 0")
        self._temperature, self._window = temperature, window
        self.register_buffer("sums", torch.zeros(len(tasks)))
        self.register_buffer("counts", torch.zeros(len(tasks), dtype=torch.long))
        # Of the window before the last and of the last, [2, tasks]; NaN: none yet.
        self.register_buffer("means", torch.full((2, len(tasks)), torch.nan))

    def combine(self, losses: Mapping[str, Tensor]) -> Tensor:
        """Return the weighted sum. See `TaskWeighting.combine`."""
        at = [self.tasks.index(task) for task in losses]
        ratios = self.means[1, at] / self.means[0, at]
        weights = torch.ones_like(ratios)
        if torch.isfinite(ratios).all():
            weights = len(at) * (ratios / self._temperature).softmax(0)
        self._note(at, torch.stack([loss.detach() for loss in losses.values()]))
        return (weights * torch.stack([*losses.values()])).sum()

    def _note(self, at: Sequence[int], losses: Tensor) -> None:
        """Add losses, Float [len(at)], to the windows of their tasks."""
        self.sums[at] += losses
        self.counts[at] += 1
        full = self.counts >= self._window
        self.means[0] = torch.where(full, self.means[1], self.means[0])
        self.means[1] = torch.where(full, self.sums / self._window, self.means[1])
        self.sums[full], self.counts[full] = 0.0, 0


class GradNorm(TaskWeighting):
    """Weights that keep the norms of the tasks' gradients alike (Chen et al. 2018, 1711.02257).

    With the norm g of the gradient of a task's loss L by the last shared layer, its weight w, and
    r = (L / L at its first update) over the mean of that, the weights of an update go down the
    gradient of sum |w g - mean(w g) r^alpha|, their Eq. 2, in which the mean counts as a constant.
    Then they are scaled so that their sum is the number of the update's tasks. As in the paper
    the step itself is the gradient of the weighted sum with the weights of before.

    Args:
        tasks: see `TaskWeighting`.
        alpha: how much more a task gets that learns slowly.
        rate: of the weights' own steps.
    """

    weights: Tensor
    first: Tensor

    def __init__(self, tasks: Sequence[str], alpha: float = 1.5, rate: float = 0.025) -> None:
        super().__init__(tasks)
        if rate <= 0:
            raise ValueError(f"rate {rate} must be above 0")
        self._alpha, self._rate = alpha, rate
        self.register_buffer("weights", torch.ones(len(tasks)))
        self.register_buffer("first", torch.full((len(tasks),), torch.nan))

    def combine(self, losses: Mapping[str, Tensor]) -> Tensor:
        """Return the weighted sum. See `TaskWeighting.combine`."""
        weighted = (self.weights[self.tasks.index(task)] * one for task, one in losses.items())
        return reduce(torch.add, weighted)

    def backward(self, total: Tensor, losses: Mapping[str, Tensor], network: Network) -> None:
        """Take the gradient of `total`, and let the weights make their step.

        See `TaskWeighting.backward`.
        """
        if len(losses) > 1:
            last = _last_layer(network)
            norms = torch.stack([_gradient(loss, last).norm() for loss in losses.values()])
            at = [self.tasks.index(task) for task in losses]
            # Where float16 overflows, the optimiser makes no step either.
            if norms.isfinite().all():
                found = torch.stack([*losses.values()]) / self.scale
                # `total` has the weights in its graph: new ones take their place.
                self.weights = self._stepped(at, found, norms / self.scale)
        total.backward()

    @torch.no_grad()
    def _stepped(self, at: Sequence[int], losses: Tensor, norms: Tensor) -> Tensor:
        """Return the weights after a step of those at `at`, whose losses and norms are given."""
        # A batch without a word has a loss of 0, which is nothing to compare with.
        new = self.first[at].isnan() & (losses > 0)
        self.first[at] = torch.where(new, losses, self.first[at])
        first = torch.where(self.first[at].isnan(), losses, self.first[at])
        ratios = losses / first.clamp_min(torch.finfo(losses.dtype).tiny)
        weighted = self.weights[at] * norms
        wanted = weighted.mean() * (ratios / ratios.mean()) ** self._alpha
        stepped = self.weights[at] - self._rate * torch.sign(weighted - wanted) * norms
        stepped = stepped.clamp_min(1e-3)
        weights = self.weights.clone()
        weights[at] = len(at) * stepped / stepped.sum()
        return weights


def _gradient(loss: Tensor, last: nn.Parameter) -> Tensor:
    """Return the gradient by a parameter; that of a loss without a word is 0."""
    return torch.autograd.grad(loss, last, retain_graph=True, materialize_grads=True)[0]


def _last_layer(network: Network) -> nn.Parameter:
    """Return the last matrix of the shared parameters."""
    return [parameter for parameter in network.shared() if parameter.dim() > 1][-1]
