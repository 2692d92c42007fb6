"""The average of a module's weights at several moments of its training."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn


class WeightAverage:
    """A running average of the weights of a module, in the weights' own precision.

    After n moments the average is a <- a + s (w - a) with s the larger of 1 / n and 1 - decay: the
    plain mean of all moments with a decay of 1 (Izmailov et al. 2018, "Averaging Weights Leads to
    Wider Optima and Better Generalization", arXiv 1803.05407), and with a smaller one the plain
    mean until 1 / (1 - decay) moments have been seen, an exponential average from then on (Polyak
    & Juditsky 1992).

    Args:
        decay: what is left of the average at a moment, 0 to 1.

    Attributes:
        moments: how many have been seen.
    """

    def __init__(self, decay: float = 1.0) -> None:
        self._decay, self.moments = decay, 0
        self._average: dict[str, Tensor] = {}

    @torch.no_grad()
    def add(self, module: nn.Module) -> None:
        """Take the weights that a module has now into the average; the same module each time."""
        self.moments += 1
        step = max(1 / self.moments, 1 - self._decay)
        for name, weight in _trained(module):
            if self.moments == 1:
                self._average[name] = weight.detach().clone()
            else:
                average = self._average[name].to(weight.device)
                self._average[name] = average.lerp_(weight.detach(), step)

    @contextmanager
    def in_place(self, module: nn.Module) -> Iterator[None]:
        """Give a module the average while the context lasts, and its own weights afterwards."""
        own = self.swap(module)
        try:
            yield
        finally:
            self.put(module, own)

    def swap(self, module: nn.Module) -> dict[str, Tensor]:
        """Give a module the average, and return its own weights."""
        own = self.copied(module)
        self.put(module, self._average)
        return own

    @staticmethod
    def copied(module: nn.Module) -> dict[str, Tensor]:
        """Return the weights of a module that training changes, apart from its memory."""
        return {name: weight.detach().clone() for name, weight in _trained(module)}

    @staticmethod
    @torch.no_grad()
    def put(module: nn.Module, weights: Mapping[str, Tensor]) -> None:
        """Give a module some weights."""
        for name, weight in _trained(module):
            weight.copy_(weights[name])

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint keeps."""
        return {"moments": self.moments, "average": self._average}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a checkpoint."""
        self.moments, self._average = state["moments"], dict(state["average"])


def _trained(module: nn.Module) -> Iterator[tuple[str, nn.Parameter]]:
    """Yield the weights that change."""
    return ((name, p) for name, p in module.named_parameters() if p.requires_grad)
