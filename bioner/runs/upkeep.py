"""What the stage store holds, and how stages are removed from it."""

import os
import shutil
import stat
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from filelock import FileLock, Timeout

from bioner.errors import UserError
from bioner.runs.stage_file import StageFile, read_stage_file
from bioner.runs.store import is_whole


class State(StrEnum):
    """Whether a stage can be used.

    `unfinished`: its training was killed, and goes on where it is wanted again. `damaged`: a file
    is not what was written; it is trained again where it is wanted. `busy`: a process holds it.
    """

    whole = "whole"
    unfinished = "unfinished"
    damaged = "damaged"
    busy = "busy"


@dataclass(frozen=True)
class Listed:
    """A stage in the store.

    Attributes:
        key: its folder's name, the hash of all that determines it.
        state: whether it can be used.
        about: what `stage.json` says; None where there is none that can be read.
        size: of its files, in bytes.
        idle_days: since it was trained or used last.
    """

    key: str
    state: State
    about: StageFile | None
    size: int
    idle_days: float


def list_stages(folder: Path) -> list[Listed]:
    """Return every stage of a store, those used last first; the bytes of each are checked."""
    places = [place for place in folder.glob("*") if place.is_dir()]
    found = [stage for stage in map(_listed, places) if stage is not None]
    return sorted(found, key=lambda stage: (stage.idle_days, stage.key))


class Removal(StrEnum):
    """What became of a stage that was to be removed."""

    removed = "removed"
    held = "kept: a process holds it"
    gone = "gone already"


def remove_stage(folder: Path, key: str) -> Removal:
    """Remove a stage; of one that is a link, the link alone.

    A process that waits for it trains it anew.
    """
    place = folder / key
    try:
        # The lock's file stays: another process may hold it open.
        with FileLock(folder / f"{key}.lock", timeout=0):
            if place.is_symlink():
                place.unlink()
            else:
                shutil.rmtree(place)
    except Timeout:
        return Removal.held
    except FileNotFoundError:
        return Removal.gone
    return Removal.removed


def _listed(place: Path) -> Listed | None:
    """Return a stage; None where it is gone meanwhile."""
    try:
        with FileLock(place.with_name(f"{place.name}.lock"), timeout=0):
            state, about = _state(place)
    except Timeout:
        state, about = State.busy, None
    files = [*_stats(place)]
    try:
        newest = max((file.st_mtime for file in files), default=place.stat().st_mtime)
    except FileNotFoundError:
        return None
    idle = max(0.0, time.time() - newest) / 86400
    return Listed(place.name, state, about, sum(file.st_size for file in files), idle)


def _stats(place: Path) -> Iterator[os.stat_result]:
    """Yield the sizes and times of the files that stay: a process may be replacing some."""
    for file in place.rglob("*"):
        with suppress(FileNotFoundError):
            found = file.stat()
            if stat.S_ISREG(found.st_mode):
                yield found


def _state(place: Path) -> tuple[State, StageFile | None]:
    trained_to_its_end = (place / "stage.json").exists() and not (place / "partial").exists()
    broken = State.damaged if trained_to_its_end else State.unfinished
    try:
        about = read_stage_file(place)
        whole = is_whole(place, about.record)
    except (OSError, ValueError, UserError):
        return broken, None
    # Whole whatever lies beside it: killed at its very end, a training leaves its folder there.
    return State.whole if whole else broken, about
