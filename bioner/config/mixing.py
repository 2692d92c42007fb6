"""The typed schema of how batches are drawn across tasks, and its checks."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Self

from omegaconf import MISSING

from bioner.config.effects import STAGE, value
from bioner.config.per_stage import PerStage
from bioner.errors import ConfigError, nearest

_TEMPERATURE = 2.0
# The targets' share of the batches at the two ends of a stage.
_START, _END = 0.5, 1.0
# `tasks_per_update`: every task of the stage.
ALL = "all"
_AUXILIARY = "auxiliary"
# What the shares of `to_targets` can follow on each side.
_BASES = ("proportional", "uniform", "temperature", "weights")


class Strategy(StrEnum):
    """How the task of the next batch is drawn."""

    proportional = "proportional"
    uniform = "uniform"
    temperature = "temperature"
    weights = "weights"
    round_robin = "round_robin"
    annealed = "annealed"
    to_targets = "to_targets"


class Epoch(StrEnum):
    """What an epoch is a pass over.

    `targets`: all targets. `largest`: the task with the most sentences, whatever its role; tasks
    with fewer begin anew as often as they come.
    """

    targets = "targets"
    largest = "largest"


@dataclass
class MixingConfig(PerStage):
    """How batches are drawn across tasks; sizes are in sentences.

    Attributes:
        strategy: how the shares follow from the sizes.
        temperature: T in size^(1/T).
        weights: null, or a number for each task.
        start: of `to_targets`, the targets' share at their first update, above 0.
        end: the same at their last one, at most 1.
        base: how the auxiliaries share the rest, and the targets theirs; and how all are mixed in a
            stage without auxiliaries.
        tasks_per_update: different tasks of which each update sees a batch; a number above those
            of a stage, or `all`, is all of them. Where those that are not drawn yet have no
            share, each is as likely.
        epoch: what an epoch is a pass over.
    """

    strategy: Strategy = value(MISSING, STAGE, axis=True)
    temperature: float = value(_TEMPERATURE, STAGE, axis=True)
    # OmegaConf lets an override replace neither a typed dict nor an optional one as a whole.
    weights: Any = value(None, STAGE, axis=True)
    start: float = value(_START, STAGE, axis=True, neutral=_START)
    end: float = value(_END, STAGE, axis=True, neutral=_END)
    base: Strategy = value(Strategy.proportional, STAGE, axis=True, neutral=Strategy.proportional)
    tasks_per_update: int | str = value(1, STAGE, axis=True, neutral=1)
    epoch: Epoch = value(Epoch.targets, STAGE, neutral=Epoch.targets)

    @property
    def sizing(self) -> Strategy:
        """The strategy by which shares follow from sizes or weights."""
        return self.base if self.strategy == Strategy.to_targets else self.strategy

    def of(self, tasks: Mapping[str, str]) -> Self | None:
        """Return the mixing of one stage: what its strategy uses, for its own tasks."""
        if len(tasks) < 2:
            return None
        own = replace(self.weighing(tasks))
        if len({role == _AUXILIARY for role in tasks.values()}) == 1:
            own.strategy = self.sizing
        if own.strategy != Strategy.to_targets:
            own.start, own.end, own.base = _START, _END, Strategy.proportional
        if own.sizing != Strategy.temperature:
            own.temperature = _TEMPERATURE
        if own.sizing != Strategy.weights:
            own.weights = None
        return own

    def weighing(self, tasks: Collection[str]) -> Self:
        """Return the mixing without the weights of other tasks."""
        if self.weights is None:
            return self
        return replace(self, weights={t: w for t, w in self.weights.items() if t in tasks})


def mixing_of(mixing: MixingConfig, tasks: Mapping[str, str]) -> MixingConfig:
    """Return the mixing of one stage; of one task all batches are, whatever is said.

    Args:
        mixing: of the run.
        tasks: of the stage, each with its role in it.
    """
    return mixing.of(tasks) or MixingConfig(Strategy.proportional)


def check_mixing(mixing: MixingConfig, tasks: Collection[str]) -> None:
    """Check the mixing of the tasks of one stage.

    Raises:
        ConfigError: a value that can't be used, with its full key.
    """
    if not (math.isfinite(mixing.temperature) and mixing.temperature > 0):
        found = f"{mixing.temperature}"
        raise ConfigError("mixing.temperature", found, "a finite number greater than 0")
    _check_together(mixing.tasks_per_update)
    _check_rise(mixing)
    if mixing.sizing is not Strategy.weights:
        if mixing.weights:
            found = f"given, but mixing.strategy is {mixing.strategy.value}"
            raise ConfigError("mixing.weights", found, "mixing=weights, or no weights")
        return
    weights = mixing.weights or {}
    for task, weight in weights.items():
        if task not in tasks:
            raise ConfigError(f"mixing.weights.{task}", "no such task", nearest(task, tasks))
        if not (math.isfinite(weight) and weight > 0):
            raise ConfigError(
                f"mixing.weights.{task}", f"{weight}", "a finite number greater than 0"
            )
    for task in tasks:
        if task not in weights:
            raise ConfigError(f"mixing.weights.{task}", "missing", "a weight for each task")


def _check_rise(mixing: MixingConfig) -> None:
    if mixing.strategy is not Strategy.to_targets:
        return
    for key, share in (("start", mixing.start), ("end", mixing.end)):
        if not 0 < share <= 1:
            raise ConfigError(f"mixing.{key}", f"is {share}", "above 0, and at most 1")
    legal = [one.value for one in Strategy if one.name in _BASES]
    if mixing.base.value not in legal:
        raise ConfigError("mixing.base", f"is {mixing.base.value}", f"one of {', '.join(legal)}")
    if mixing.epoch != Epoch.targets:
        found = f"is {mixing.epoch}, and mixing.strategy=to_targets counts the targets' updates"
        raise ConfigError("mixing.epoch", found, "targets, or another mixing")


def tasks_together(mixing: MixingConfig, tasks: int) -> int:
    """Return the different tasks of one update of a stage with so many tasks."""
    asked = mixing.tasks_per_update
    return tasks if asked == ALL else min(int(asked), tasks)


def _check_together(asked: int | str) -> None:
    if asked != ALL and (isinstance(asked, str) or asked < 1):
        raise ConfigError(
            "mixing.tasks_per_update", f"is {asked!r}", "1, a number above it, or all"
        )
