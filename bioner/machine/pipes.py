"""Output that goes into a pipe."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def reader_may_stop() -> Iterator[None]:
    """Print to a reader that may have read enough, as `bioner datasets | head` has."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:  # what is left in Python's buffer goes nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
