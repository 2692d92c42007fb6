"""Stages are trained once: each is kept under the hash of all that determines it.

What is kept are files of weights and a description. Whoever trains or loads is elsewhere.
"""

import hashlib
import logging
import os
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from filelock import FileLock

from bioner.errors import UserError
from bioner.machine.writing import whole
from bioner.runs.leftovers import remove_leftovers
from bioner.runs.stage_file import StageFile, read_stage_file, write_stage_file
from bioner.runs.stage_record import StageRecord

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Stored:
    """A stage that was trained.

    Attributes:
        files: the selected weights, by the name of each group of tasks that has its own; where
            there is one group the store has them under no name.
        record: what is known of it; `reused` in it says whether it was there already.
    """

    files: dict[str, Path]
    record: StageRecord

    def file(self, group: str) -> Path:
        """Return the weights that were selected for a group of tasks."""
        return self.files.get("", self.files.get(group, Path()))


Train = Callable[[Path], tuple[Mapping[str, Path], StageFile]]
"""Trains a stage in a folder: see `stored_stage`."""


def store_folder(runs_dir: str) -> Path:
    """Return where the stages of all studies are kept."""
    return Path(runs_dir) / ".stages"


def stored_stage(folder: Path, key: str, train: Train) -> Stored:
    """Return the stage that is stored under a key, or train and store it.

    One process trains, others that want the same wait for it. `stage.json` holds the hashes of the
    weights, so a half or damaged result is seen and trained again. It is written before the
    weights leave the folder of the training: killed in between, the next process finds them there.

    Args:
        folder: the store.
        key: the hash of all that determines the result.
        train: trains in the folder that it is given; returns the files of weights in it, by
            their groups, and what is to be known of them, but for their hashes.
    """
    place = folder / key
    folder.mkdir(parents=True, exist_ok=True)
    with _lock(folder, key):
        place.mkdir(exist_ok=True)
        if (kept := _read_and_clear(place)) is not None:
            return kept
        trained, stage = train(place / "partial")
        hashes = {group: sha256(file) for group, file in trained.items()}
        record = replace(stage.record, key=key)
        if len(hashes) == 1:
            record = replace(record, sha256=next(iter(hashes.values())))
        else:
            record = replace(record, weights=hashes)
        write_stage_file(place, replace(stage, record=record))
        files = _files(place, record)
        if len(files) == 1:
            next(iter(trained.values())).replace(files[""])
        else:  # copied: killed between two of them, the next process needs all of them again
            for group, file in trained.items():
                with whole(files[group]) as temporary:
                    shutil.copyfile(file, temporary)
        shutil.rmtree(place / "partial")
        return Stored(files, record)


def find_stage(folder: Path, key: str) -> Stored | None:
    """Return the stage that is stored under a key, or None where it is not there or damaged.

    Waits while another process trains it.
    """
    if not (folder / key).is_dir():
        return None
    with _lock(folder, key):
        return _read_and_clear(folder / key)


def look_at_stage(folder: Path, key: str) -> Stored | None:
    """Return what `find_stage` does, now, without a lock and changing nothing.

    For a process whose sibling, of the same run, may hold the lock.
    """
    return _read(folder / key)


def is_whole(place: Path, record: StageRecord) -> bool:
    """Say whether the weights of a stored stage are those that its record is of.

    Raises:
        OSError: they are not there.
    """
    hashes: dict[str, str | None] = {**record.weights} or {"": record.sha256}
    return all(hashes[group] == sha256(file) for group, file in _files(place, record).items())


def _files(place: Path, record: StageRecord) -> dict[str, Path]:
    """Return where the weights of a stage lie, by the groups of its record."""
    return {group: place / f"{group or 'weights'}.safetensors" for group in record.weights or [""]}


def _lock(folder: Path, key: str) -> FileLock:
    return FileLock(folder / f"{key}.lock")


def _read_and_clear(place: Path) -> Stored | None:
    """Read a stage and remove what a killed process left beside it; the caller holds its lock."""
    kept = _read(place)
    with suppress(OSError):  # a store that can't be written is still read
        if kept is not None:
            os.utime(place / "stage.json")  # `bioner stages` says when it was used last
        elif any(place.glob("*.safetensors")) and (place / "stage.json").exists():
            log.warning("stored stage %s is damaged: it is trained again", place)
            (place / "stage.json").unlink()
        remove_leftovers(place, place / "partial")
        if kept is not None and (place / "partial").exists():
            shutil.rmtree(place / "partial")
    return kept


def _read(place: Path) -> Stored | None:
    """Return a stage that is whole, or None."""
    try:
        record = read_stage_file(place).record
        found = is_whole(place, record)
    except (OSError, ValueError, UserError):
        return None
    return Stored(_files(place, record), replace(record, reused=True)) if found else None


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
