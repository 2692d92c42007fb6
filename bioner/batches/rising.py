"""A mixing that ends at the targets: their share of the batches rises. No torch."""

from collections.abc import Callable, Collection, Mapping

import numpy as np
from numpy.typing import NDArray

Shares = Callable[[Mapping[str, int]], dict[str, float]]


def rising_shares(
    base: Shares,
    sizes: Mapping[str, int],
    targets: Collection[str],
    start: float,
    end: float,
    progress: float,
) -> dict[str, float]:
    """Return the share of the batches that each task gets; they add up to 1.

    The targets together have `start` at first and `end` at last, and rise in a straight line in
    between. The base mixing says how they share that, and how the auxiliaries share the rest. Where
    all tasks are targets, or none is, it is the base mixing.

    Args:
        base: the shares of tasks by their sentences, as if there were no others.
        sizes: sentences of each task.
        targets: the tasks whose share rises.
        start: their share before the first target update, above 0.
        end: their share at the last one, at most 1.
        progress: target updates that are done, as a part of all of them, 0 to 1.
    """
    theirs = {task: size for task, size in sizes.items() if task in targets}
    others = {task: size for task, size in sizes.items() if task not in targets}
    if not theirs or not others:
        return base(sizes)
    together = start + progress * (end - start)
    of_targets, of_others = base(theirs), base(others)
    return {
        task: together * of_targets[task] if task in theirs else (1 - together) * of_others[task]
        for task in sizes
    }


def auxiliary_updates(
    stream: np.random.Generator, first: int, updates: int, total: int, start: float, end: float
) -> NDArray[np.int64]:
    """Draw how many auxiliary updates come before each of some target updates, [updates].

    Where the targets' share is p at each step until a target is drawn, that number is geometric
    with mean (1 - p) / p; over a whole stage from 0.5 to 1 the auxiliaries get 2 ln 2 - 1 = 0.386
    updates for each of the targets'.

    Args:
        stream: of the draws.
        first: number of the first of these target updates in the stage, from 0.
        updates: how many.
        total: target updates of the stage.
        start: the targets' share at its first target update, above 0.
        end: their share at its last one, at most 1.
    """
    progress = np.arange(first, first + updates) / max(total - 1, 1)
    return stream.geometric(start + np.minimum(progress, 1.0) * (end - start)) - 1
