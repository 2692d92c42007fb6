"""Stages are trained once: each is kept under the hash of all that determines it.

What is kept are a file of weights and a description. Whoever trains or loads is elsewhere.
"""

import hashlib
import json
import logging
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from bioner.runs.json_file import write_json
from bioner.runs.leftovers import remove_leftovers

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Stored:
    """A stage that was trained.

    Attributes:
        file: the weights of its selected step.
        about: what is known of it.
        reused: whether it was there already.
    """

    file: Path
    about: dict[str, Any]
    reused: bool


def store_folder(runs_dir: str) -> Path:
    """Return where the stages of all studies are kept."""
    return Path(runs_dir) / ".stages"


def stored_stage(
    folder: Path, key: str, train: Callable[[Path], tuple[Path, dict[str, Any]]]
) -> Stored:
    """Return the stage that is stored under a key, or train and store it.

    One process trains, others that want the same wait for it. `stage.json` holds the hash of the
    weights, so a half or damaged result is seen and trained again. It is written before the
    weights leave the folder of the training: killed in between, the next process finds them there.

    Args:
        folder: the store.
        key: the hash of all that determines the result.
        train: trains in the folder that it is given; returns the weights' file in it and
            what is to be known of them.
    """
    place = folder / key
    folder.mkdir(parents=True, exist_ok=True)
    with _lock(folder, key):
        place.mkdir(exist_ok=True)
        about = _read_and_clear(place)
        if about is not None:
            return Stored(_weights(place), about, reused=True)
        file, about = train(place / "partial")
        about = {**about, "key": key, "sha256": sha256(file)}
        write_json(place / "stage.json", about)
        file.replace(_weights(place))
        shutil.rmtree(place / "partial")
        return Stored(_weights(place), about, reused=False)


def find_stage(folder: Path, key: str) -> Stored | None:
    """Return the stage that is stored under a key, or None where it is not there or damaged.

    Waits while another process trains it.
    """
    if not (folder / key).is_dir():
        return None
    with _lock(folder, key):
        about = _read_and_clear(folder / key)
    return None if about is None else Stored(_weights(folder / key), about, reused=True)


def look_at_stage(folder: Path, key: str) -> Stored | None:
    """Return what `find_stage` does, now, without a lock and changing nothing.

    For a process whose sibling, of the same run, may hold the lock.
    """
    about = _read(folder / key)
    return None if about is None else Stored(_weights(folder / key), about, reused=True)


def _weights(place: Path) -> Path:
    return place / "weights.safetensors"


def _lock(folder: Path, key: str) -> FileLock:
    return FileLock(folder / f"{key}.lock")


def _read_and_clear(place: Path) -> dict[str, Any] | None:
    """Read a stage and remove what a killed process left beside it; the caller holds its lock."""
    about = _read(place)
    with suppress(OSError):  # a store that can't be written is still read
        if about is not None:
            os.utime(place / "stage.json")  # `bioner stages` says when it was used last
        elif _weights(place).exists() and (place / "stage.json").exists():
            log.warning("stored stage %s is damaged: it is trained again", place)
            (place / "stage.json").unlink()
        remove_leftovers(place, place / "partial")
        if about is not None and (place / "partial").exists():
            shutil.rmtree(place / "partial")
    return about


def _read(place: Path) -> dict[str, Any] | None:
    """Return the description of a whole stage, or None."""
    try:
        about: dict[str, Any] = json.loads((place / "stage.json").read_text(encoding="utf-8"))
        return about if about["sha256"] == sha256(_weights(place)) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
