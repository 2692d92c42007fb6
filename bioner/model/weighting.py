"""How the losses of the tasks are combined when every batch holds one task."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from bioner.config.train import Weighting, WeightingConfig


class TaskWeighting(nn.Module, ABC):
    """Turns the loss of one task into what is minimised."""

    @abstractmethod
    def forward(self, task: str, loss: Tensor) -> Tensor:
        """Return the weighted loss of a task, a scalar as `loss` is."""


class EqualWeighting(TaskWeighting):
    """Leaves every loss as it is: the shares of the mixing are the weights."""

    def forward(self, task: str, loss: Tensor) -> Tensor:
        """Return `loss`."""
        return loss


class UncertaintyWeighting(TaskWeighting):
    """Weights a task by a learnt homoscedastic uncertainty (Kendall et al. 2018, 1705.07115).

    With the variance sigma^2 of a task and s = log sigma^2, a classification loss L becomes
    L / sigma^2 + log sigma = exp(-s) * L + s / 2, the classification terms of their Eq. 10. Each s
    starts at 0, where the weight is 1, and is led to log(2 L). The result can be negative.

    Args:
        tasks: names of the tasks.
    """

    def __init__(self, tasks: Sequence[str]) -> None:
        super().__init__()
        # A parameter each, not one vector: only the task of the batch gets a gradient, so the
        # optimiser's momentum moves no other.
        self.log_variance = nn.ParameterDict({task: torch.zeros(()) for task in tasks})

    def forward(self, task: str, loss: Tensor) -> Tensor:
        """Return exp(-s) * loss + s / 2 with the log-variance s of the task."""
        log_variance = self.log_variance[task]
        return torch.exp(-log_variance) * loss + log_variance / 2


def build_weighting(config: WeightingConfig, tasks: Sequence[str]) -> TaskWeighting:
    """Return the weighting that the config asks for.

    Args:
        config: the group `weighting`.
        tasks: names of the tasks that are trained together.
    """
    if len(tasks) < 2:  # nothing to combine, whatever the group says (`WeightingConfig.of`)
        return EqualWeighting()
    match config.strategy:
        case Weighting.equal:
            return EqualWeighting()
        case Weighting.uncertainty:
            return UncertaintyWeighting(tasks)
