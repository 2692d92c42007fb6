"""The processes of a run that trains on several devices (DDP): one writes, all meet."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from filelock import FileLock, Timeout
from pytorch_lightning.utilities import rank_zero_only

log = logging.getLogger(__name__)


def is_first() -> bool:
    """Return whether this process is the one that writes; so is the only one of a plain run."""
    return not getattr(rank_zero_only, "rank", 0)


def meet() -> None:
    """Wait until all processes are here."""
    if torch.distributed.is_initialized():
        torch.distributed.barrier()


@contextmanager
def one_at_a_time(directory: Path) -> Iterator[None]:
    """Hold a run directory against other runs of the same config; wait while one holds it."""
    if not is_first():
        yield
        return
    lock = FileLock(directory / "run.lock")
    try:
        held = lock.acquire(timeout=0)
    except Timeout:
        log.info("waits: another process runs %s", directory)
        held = lock.acquire()
    with held:
        yield
