"""An end to waiting: the W&B client can wait for its own service for ever."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    """End the client's service if the block takes longer; who waits for it gets an error then.

    The client's time limits cover the points of a run, not artifacts that a dead server has yet to
    take: then `wandb.teardown` does not return. The service is a process of its own, found where
    the pinned version of `wandb` keeps it.

    Args:
        seconds: that the block may take.
    """
    import wandb

    connection = wandb.setup()._connection
    service = connection and connection._proc and connection._proc._process
    timer = Timer(seconds, service.kill if service else lambda: None)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def says(error: BaseException) -> str:
    """Return the first line of what an error says."""
    text = str(error).strip().splitlines()
    return text[0] if text else type(error).__name__
