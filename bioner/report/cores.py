"""Work over the cores of this machine."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

_PROCESSES = 8
"""The most of them: one process adds up what all have done."""


def over_cores(
    work: Callable[[Item], Result], items: Sequence[Item], least: int
) -> Iterator[Result]:
    """Yield what becomes of each item, in order; from `least` items on several processes do it.

    Args:
        work: a function of a module, or a partial of one; what it raises is raised here.
        items: what to work on; they and the results can be pickled.
        least: from how many items on processes pay.
    """
    if len(items) < least:
        yield from map(work, items)
        return
    processes = min(_PROCESSES, os.cpu_count() or 1)
    with ProcessPoolExecutor(processes) as pool:
        yield from pool.map(work, items, chunksize=max(1, min(16, len(items) // (4 * processes))))
