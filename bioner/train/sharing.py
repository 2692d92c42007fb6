"""What several runs want, and the several processes of one: one trains or writes, all have it."""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from filelock import FileLock, Timeout

from bioner.machine.processes import first_says, is_first, meet
from bioner.runs.stage_file import StageFile
from bioner.runs.store import Stored, Train, find_stage, look_at_stage, stored_stage

log = logging.getLogger(__name__)


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


def shared_stage(
    folder: Path,
    key: str,
    train: Train,
    elsewhere: Callable[[], Stored | None],
) -> Stored:
    """Return a stage that is there already, or train and store it, all processes together.

    Args:
        folder: the store.
        key: of the stage.
        train: see `stored_stage`.
        elsewhere: looks for the stage outside of the store.
    """
    if not is_first():
        return _follow(folder, key, train, elsewhere)
    found = find_stage(folder, key) or elsewhere()
    if found is None:
        found = stored_stage(folder, key, lambda partial: _announced(train, partial))
        if not found.record.reused:
            meet()
            return found
    first_says(False)
    return found


def _announced(train: Train, partial: Path) -> tuple[Mapping[str, Path], StageFile]:
    first_says(True)
    return train(partial)


def _follow(
    folder: Path,
    key: str,
    train: Train,
    elsewhere: Callable[[], Stored | None],
) -> Stored:
    """Do as the first process, which holds the lock and writes."""
    found = look_at_stage(folder, key) or elsewhere()
    if not first_says(found is None):
        assert found is not None
        return found
    train(folder / key / "partial")
    meet()
    found = look_at_stage(folder, key)
    assert found is not None
    return replace(found, record=replace(found.record, reused=False))
