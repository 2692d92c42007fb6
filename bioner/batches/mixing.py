"""How often each task is drawn. Sizes are in sentences. No torch."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from bioner.config.train import MixingConfig, Strategy
from bioner.errors import ConfigError, nearest


def shares(
    config: MixingConfig, sizes: Mapping[str, int], progress: float = 0.0
) -> dict[str, float]:
    """Return the share of the batches that each task gets; they add up to 1.

    With n_i the size of task i, the share is proportional to

    - `proportional`: n_i
    - `uniform`, `round_robin`: 1
    - `temperature`: n_i^(1/T) (Arivazhagan et al. 2019, arXiv 1907.05019, section 4.2)
    - `weights`: the weight that the user gives
    - `annealed`: (1 - t) times its share of `proportional` plus t times its share of `uniform`,
      where t is `progress`. Annealed sampling of Stickland & Murray (2019, arXiv 1902.02671,
      section 3.3) moves the exponent instead, n_i^a with a from 1 in the first epoch to 0.2 in the
      last. Ours moves the shares themselves in a straight line and ends at exactly uniform.

    Args:
        config: the strategy and its values.
        sizes: sentences of each task.
        progress: the part of the training that is done, 0 to 1.

    Raises:
        ConfigError: if a value of `config` can't be used or a task has no sentence.
    """
    _check(config, sizes)
    match config.strategy:
        case Strategy.proportional:
            return _normalised({task: float(size) for task, size in sizes.items()})
        case Strategy.uniform | Strategy.round_robin:
            return {task: 1 / len(sizes) for task in sizes}
        case Strategy.temperature:
            return _tempered(sizes, config.temperature)
        case Strategy.weights:
            return _normalised({task: (config.weights or {})[task] for task in sizes})
        case Strategy.annealed:
            size = _normalised({task: float(size) for task, size in sizes.items()})
            return {task: (1 - progress) * size[task] + progress / len(sizes) for task in sizes}


def mixing_of(mixing: MixingConfig, tasks: Sequence[str]) -> MixingConfig:
    """Return the mixing of one stage: the weights of its own tasks; nothing to mix for one task."""
    if len(tasks) == 1:
        return MixingConfig(Strategy.proportional)
    if mixing.weights is None:
        return mixing
    return replace(mixing, weights={t: w for t, w in mixing.weights.items() if t in tasks})


def _tempered(sizes: Mapping[str, int], temperature: float) -> dict[str, float]:
    """Return shares proportional to size^(1/temperature)."""
    # Relative to the largest size, as a power of the size itself overflows at low temperatures.
    largest = max(sizes.values())
    return _normalised(
        {task: math.exp(math.log(size / largest) / temperature) for task, size in sizes.items()}
    )


def _normalised(values: Mapping[str, float]) -> dict[str, float]:
    """Return the values divided by their sum."""
    total = math.fsum(values.values())
    return {task: value / total for task, value in values.items()}


def _check(config: MixingConfig, sizes: Mapping[str, int]) -> None:
    """Raise a ConfigError for the first value that can't be used."""
    for task, size in sizes.items():
        if size < 1:
            raise ConfigError(f"dataset.{task}", "it has no sentence to train on", "at least 1")
    if not (math.isfinite(config.temperature) and config.temperature > 0):
        raise ConfigError(
            "mixing.temperature", f"{config.temperature}", "a finite number greater than 0"
        )
    if config.strategy is not Strategy.weights:
        if config.weights:
            raise ConfigError(
                "mixing.weights",
                f"given, but mixing.strategy is {config.strategy.value}",
                "mixing=weights, or no weights",
            )
        return
    weights = config.weights or {}
    for task, weight in weights.items():
        if task not in sizes:
            raise ConfigError(f"mixing.weights.{task}", "no such task", nearest(task, sizes))
        if not (math.isfinite(weight) and weight > 0):
            raise ConfigError(
                f"mixing.weights.{task}", f"{weight}", "a finite number greater than 0"
            )
    for task in sizes:
        if task not in weights:
            raise ConfigError(f"mixing.weights.{task}", "missing", "a weight for each task")
