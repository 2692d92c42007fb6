"""Which sentences of a train split a run uses."""

from collections.abc import Sized
from math import floor

import numpy as np

from bioner.errors import ConfigError


def subset(
    sentences: Sized, size: int | float | None, seed: int, key: str = "train_size"
) -> list[int]:
    """Draw sentences without replacement, a smaller size inside every larger one of the same seed.

    The sentences are put in a random order that depends on the seed and on their number alone; a
    subset is the beginning of that order.

    Args:
        sentences: what is drawn from.
        size: an integer counts sentences; a float is a share in (0, 1], rounded to the nearest
            count, at least one; None takes all.
        seed: of the random order.
        key: the config key that the size comes from, for the message.

    Returns:
        The indices of the drawn sentences, sorted.

    Raises:
        ConfigError: if the size is not legal, or larger than the split.
    """
    total = len(sentences)
    count = total if size is None else _count(size, total, key)
    order = np.random.Generator(np.random.PCG64(seed)).permutation(total)
    return [int(index) for index in np.sort(order[:count])]


def _count(size: int | float, total: int, key: str) -> int:
    legal = "a count of sentences (integer >= 1), a fraction in (0, 1], or null for all"
    if isinstance(size, bool) or not (size >= 1 if isinstance(size, int) else 0 < size <= 1):
        raise ConfigError(key, f"is {size}", legal)
    if isinstance(size, float):
        return max(1, floor(size * total + 0.5))
    if size > total:
        raise ConfigError(key, f"is {size}, but the split has {total} sentences", legal)
    return size
