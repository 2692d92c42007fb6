"""Output that goes into a pipe."""

import os
import select
import sys
from collections.abc import Collection

# What a shell gives to a process that SIGPIPE has ended.
READER_LEFT = 141


def reader_left(error: Exception | None = None) -> bool:
    """Return whether something was printed that nobody reads any more, as in `bioner … | head`.

    What is left in Python's buffer then goes nowhere.

    Args:
        error: what ended the work; another pipe than that of the output may have broken.
    """
    if sys.stdout is None:  # it was closed, as by `>&-`
        return False
    left = isinstance(error, BrokenPipeError) and _unread(sys.stdout.fileno())
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        left = True
    if left:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return left


def readable(descriptors: Collection[int], seconds: float) -> list[int]:
    """Return which of some descriptors have something to read, or are at their end.

    Unlike `select`, it takes descriptors of 1024 and above.

    Args:
        descriptors: of pipes.
        seconds: to wait at most until there is one.
    """
    watched = select.poll()
    for descriptor in descriptors:
        watched.register(descriptor, select.POLLIN)
    return [descriptor for descriptor, _ in watched.poll(1000 * seconds)]


def _unread(descriptor: int) -> bool:
    watched = select.poll()
    watched.register(descriptor, 0)
    return any(bits & select.POLLERR for _, bits in watched.poll(0))
