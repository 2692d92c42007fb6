"""Heavy imports, made cheaper."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_off() -> Iterator[None]:
    """Import without the garbage collector, which is never to look at what the imports made.

    What an import makes is there to stay, but the collector looks through all of it again each time
    that it has grown by a quarter: a seventh of the time that torch, Lightning and transformers
    take (experiments/speed/README.md). Frozen, it costs nothing later on either, and processes that
    are forked share it.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_on:
            gc.enable()
