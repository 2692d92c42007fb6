"""How often each task is drawn. Sizes are in sentences. No torch."""

import math
from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import partial

from bioner.batches.rising import rising_shares
from bioner.config.mixing import MixingConfig, Strategy, check_mixing
from bioner.errors import ConfigError


def shares(
    config: MixingConfig,
    sizes: Mapping[str, int],
    progress: float = 0.0,
    targets: Collection[str] = (),
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
    - `to_targets`: see `bioner.batches.rising.rising_shares`

    Args:
        config: the strategy and its values.
        sizes: sentences of each task.
        progress: the part of the training that is done, 0 to 1.
        targets: those of the tasks that are targets; `to_targets` alone reads it.

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
        case Strategy.to_targets:
            start, end = config.start, config.end
            return rising_shares(partial(_base, config), sizes, targets, start, end, progress)


def _base(config: MixingConfig, sizes: Mapping[str, int]) -> dict[str, float]:
    """Return the shares of some tasks as the base of a mixing gives them."""
    return shares(replace(config.weighing(sizes), strategy=config.base), sizes)


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
    check_mixing(config, sizes)
