"""Gradient methods: the gradients of an update's tasks become one by more than their sum.

The methods are those of torchjd (Quinton & Rey 2024, arXiv 2406.16232; the extra `mtl`). Each takes
the Jacobian of the shared parameters, a row for each task of the update, and returns one gradient.
Every head follows its own loss alone.

An update costs one backward pass for each of its tasks, as summed losses do, and besides the memory
of one gradient of the shared parameters for each of them.
"""

import inspect
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from bioner.errors import ConfigError, nearest
from bioner.model.network import Network
from bioner.model.weighting import EqualWeighting

_KEY = "weighting.options"


class GradientMethod(EqualWeighting):
    """Makes one gradient of the shared parameters out of each task's.

    The loss that is logged is the sum. A task that is alone in an update gives its own gradient.

    Args:
        tasks: see `bioner.model.weighting.TaskWeighting`.
        method: the name of a class in `torchjd.aggregation`.
        arguments: of that class.

    Raises:
        ConfigError: no such method, an argument that it does not take or refuses, or a package
            that it needs is not installed.
    """

    def __init__(self, tasks: Sequence[str], method: str, **arguments: Any) -> None:
        super().__init__(tasks)
        self._make = partial(_aggregator, method, arguments=arguments)
        self._aggregator = self._make(len(tasks))
        self._all = method == "NashMTL"

    def backward(self, total: Tensor, losses: Mapping[str, Tensor], network: Network) -> None:
        """Set the method's gradient, and each head's own. See `TaskWeighting.backward`."""
        shared = network.shared()
        rows = [_row(loss, shared, network.own(task)) for task, loss in losses.items()]
        one = rows[0] if len(rows) == 1 else self._aggregated(torch.stack(rows))
        for parameter, part in zip(shared, one.split([p.numel() for p in shared]), strict=True):
            parameter.grad = part.view_as(parameter)

    def _aggregated(self, jacobian: Tensor) -> Tensor:
        """Return one row of a Jacobian's, Float [shared numbers], of Float [tasks, them]."""
        if self._all:
            # What it remembers is where its solver begins: a run that goes on must not need it.
            # An update may have fewer tasks than the stage.
            self._aggregator = self._make(len(jacobian))
            # It bounds the norm, that of the gradients as they are.
            found: Tensor = self._aggregator(jacobian / self.scale)
            return found * self.scale
        return self._aggregator(jacobian)


def _row(loss: Tensor, shared: Sequence[nn.Parameter], own: Sequence[nn.Parameter]) -> Tensor:
    """Set the gradients of a head, and return those of the shared parameters, [their numbers]."""
    found = torch.autograd.grad(loss, [*shared, *own], retain_graph=True, materialize_grads=True)
    for parameter, gradient in zip(own, found[len(shared) :], strict=True):
        parameter.grad = gradient
    return torch.cat([one.flatten() for one in found[: len(shared)]])


def _aggregator(method: str, tasks: int, arguments: Mapping[str, Any]) -> Any:
    """Return torchjd's aggregator of a name.

    Raises:
        ConfigError: see `GradientMethod`.
    """
    try:
        from torchjd import Stateful, aggregation
    except ImportError:
        found = "torchjd is not installed"
        raise ConfigError("weighting.strategy", found, "pip install 'bioner[mtl]'") from None
    legal = _methods(aggregation)
    if method not in legal:
        raise ConfigError(f"{_KEY}.method", f"no {method!r}", nearest(method, legal))
    given = {**arguments, "n_tasks": tasks} if method == "NashMTL" else dict(arguments)
    takes = inspect.signature(legal[method]).parameters
    for name in arguments:
        if name not in takes:
            raise ConfigError(f"{_KEY}.{name}", f"{method} takes no such key", nearest(name, takes))
    try:
        found = legal[method](**given)
    except ImportError as error:
        raise ConfigError(f"{_KEY}.method", str(error), "another method, or that package") from None
    if isinstance(found, Stateful) and method != "NashMTL":
        says = f"{method} keeps a state that no checkpoint holds"
        raise ConfigError(f"{_KEY}.method", says, "a method without one")
    return found


def _methods(aggregation: Any) -> dict[str, Any]:
    classes = {name: getattr(aggregation, name) for name in aggregation.__all__}
    base = aggregation.Aggregator
    return {
        name: found
        for name, found in classes.items()
        if issubclass(found, base) and not inspect.isabstract(found)
    }
