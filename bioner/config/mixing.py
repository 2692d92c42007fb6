"""The typed schema of how batches are drawn across tasks, and its checks."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Self

from omegaconf import MISSING

from bioner.config.effects import STAGE, value
from bioner.config.per_stage import PerStage
from bioner.errors import ConfigError, nearest

_TEMPERATURE = 2.0
# `tasks_per_update`: every task of the stage.
ALL = "all"


class Strategy(StrEnum):
    """How the task of the next batch is drawn."""

    proportional = "proportional"
    uniform = "uniform"
    temperature = "temperature"
    weights = "weights"
    round_robin = "round_robin"
    annealed = "annealed"


@dataclass
class MixingConfig(PerStage):
    """How batches are drawn across tasks; sizes are in sentences.

    Attributes:
        strategy: how the shares follow from the sizes.
        temperature: T in size^(1/T).
        weights: null, or a number for each task. `Any`, since OmegaConf lets an override replace
            neither a typed dict nor an optional one as a whole; `bioner.config.checks` checks it.
        tasks_per_update: different tasks of which each update sees a batch; a number above those
            of a stage, or `all`, is all of them.
    """

    strategy: Strategy = value(MISSING, STAGE, axis=True)
    temperature: float = value(_TEMPERATURE, STAGE, axis=True)
    weights: Any = value(None, STAGE, axis=True)
    tasks_per_update: int | str = value(1, STAGE, axis=True, neutral=1)

    def of(self, tasks: Sequence[str]) -> Self | None:
        """Return the mixing of one stage: what its strategy uses, for its own tasks."""
        if len(tasks) < 2:
            return None
        own = self.weighing(tasks)
        if self.strategy != Strategy.temperature:
            own = replace(own, temperature=_TEMPERATURE)
        return own if self.strategy == Strategy.weights else replace(own, weights=None)

    def weighing(self, tasks: Sequence[str]) -> Self:
        """Return the mixing without the weights of other tasks."""
        if self.weights is None:
            return self
        return replace(self, weights={t: w for t, w in self.weights.items() if t in tasks})


def mixing_of(mixing: MixingConfig, tasks: Sequence[str]) -> MixingConfig:
    """Return the mixing of one stage; of one task all batches are, whatever is said."""
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
    if mixing.strategy is not Strategy.weights:
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


def tasks_together(mixing: MixingConfig, tasks: int) -> int:
    """Return the different tasks of one update of a stage with so many tasks."""
    asked = mixing.tasks_per_update
    return tasks if asked == ALL else min(int(asked), tasks)


def _check_together(asked: int | str) -> None:
    if asked != ALL and (isinstance(asked, str) or asked < 1):
        raise ConfigError(
            "mixing.tasks_per_update", f"is {asked!r}", "1, a number above it, or all"
        )
