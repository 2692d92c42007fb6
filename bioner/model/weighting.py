"""How an update's losses, one of each of its tasks, become the gradients of one step."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any

import torch
from torch import Tensor, nn

from bioner.config.build import build
from bioner.config.choices import WEIGHTINGS
from bioner.config.train import WeightingConfig
from bioner.model.network import Network


class TaskWeighting(nn.Module, ABC):
    """Combines the losses of an update, and owns its backward pass.

    A new one is a subclass and a line in `bioner.config.choices.WEIGHTINGS`. One that weights
    losses writes `combine` alone. One that works on gradients writes `backward` too. Its further
    arguments are `weighting.options`. Its own parameters, if it has any, are trained with the
    heads' learning rate, and its buffers are in every checkpoint.

    Args:
        tasks: names of the tasks that are trained together.

    Attributes:
        scale: by which the losses that `backward` gets are multiplied, for float16.
    """

    def __init__(self, tasks: Sequence[str]) -> None:
        super().__init__()
        self.tasks, self.scale = tuple(tasks), 1.0

    @abstractmethod
    def combine(self, losses: Mapping[str, Tensor]) -> Tensor:
        """Return what the step makes smaller, a scalar.

        Args:
            losses: of the update's tasks, scalars with a graph; at least one.
        """

    def backward(self, total: Tensor, losses: Mapping[str, Tensor], network: Network) -> None:
        """Add the step's gradients to the `grad` of the parameters, which have none so far.

        The precision's scale is in `total` and in `losses`; clipping comes afterwards. Here the
        gradient is that of `total`.

        Args:
            total: what `combine` gave.
            losses: see `combine`.
            network: `shared` and `own` name its parameters.
        """
        total.backward()

    @property
    def works_on_gradients(self) -> bool:
        """Whether it has a backward pass of its own, which processes of DDP don't average."""
        return type(self).backward is not TaskWeighting.backward


class EqualWeighting(TaskWeighting):
    """Adds the losses up: the shares of the mixing are the weights. See `TaskWeighting`."""

    def combine(self, losses: Mapping[str, Tensor]) -> Tensor:
        """Return the sum; of one loss, itself. See `TaskWeighting.combine`."""
        return reduce(torch.add, losses.values())


class MeanWeighting(TaskWeighting):
    """Averages the losses: the rate means the same whatever the number of tasks in an update."""

    def combine(self, losses: Mapping[str, Tensor]) -> Tensor:
        """Return the mean; of one loss, itself. See `TaskWeighting.combine`."""
        return reduce(torch.add, losses.values()) / len(losses)


class UncertaintyWeighting(TaskWeighting):
    """Weights a task by a learnt homoscedastic uncertainty (Kendall et al. 2018, 1705.07115).

    With the variance sigma^2 of a task and s = log sigma^2, a classification loss L becomes
    L / sigma^2 + log sigma = exp(-s) * L + s / 2, the classification terms of their Eq. 10. Each s
    starts at 0, where the weight is 1, and is led to log(2 L). The result can be negative. See
    `TaskWeighting`.
    """

    def __init__(self, tasks: Sequence[str]) -> None:
        super().__init__(tasks)
        # A parameter each, not one vector: only the update's tasks get a gradient, so the
        # optimiser's momentum moves no other.
        self.log_variance = nn.ParameterDict({task: torch.zeros(()) for task in tasks})

    def combine(self, losses: Mapping[str, Tensor]) -> Tensor:
        """Return the sum of exp(-s) * loss + s / 2 with the log-variance s of each task.

        See `TaskWeighting.combine`.
        """
        return reduce(torch.add, (self._weighted(*named) for named in losses.items()))

    def _weighted(self, task: str, loss: Tensor) -> Tensor:
        log_variance = self.log_variance[task]
        return torch.exp(-log_variance) * loss + log_variance / 2


def build_weighting(config: WeightingConfig, tasks: Sequence[str]) -> TaskWeighting:
    """Return the weighting that the config asks for.

    Args:
        config: the group `weighting`.
        tasks: names of the tasks that are trained together.

    Raises:
        ConfigError: an option that it does not take, or a value that it refuses.
    """
    # Where there is nothing to combine, whatever the group says (`WeightingConfig.of`).
    target: dict[str, Any] = {"_target_": WEIGHTINGS["equal"]}
    if len(tasks) > 1:
        target = {"_target_": WEIGHTINGS[config.strategy], **config.options}
    weighting: TaskWeighting = build("weighting.options", TaskWeighting, target, tasks=tasks)
    return weighting
