"""Pretraining is done once: its result is kept under the hash of all that determines it."""

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

from bioner.model.weights import Weights, load_weights
from bioner.runs.json_file import write_json
from bioner.runs.leftovers import remove_leftovers
from bioner.train.processes import is_first, meet

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Stored:
    """A pretraining result.

    Attributes:
        weights: the encoder and heads of the selected step.
        about: what the record says of it.
        reused: whether it was there already.
    """

    weights: Weights
    about: dict[str, Any]
    reused: bool


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
    if not is_first():
        return _follow(place, train)
    with _lock(folder, key):
        place.mkdir(exist_ok=True)
        about = _read_and_clear(place)
        if about is not None:
            return Stored(load_weights(place / "weights.safetensors"), about, reused=True)
        file, about = train(place / "partial")
        about = {**about, "key": key, "sha256": sha256(file)}
        write_json(place / "stage.json", about)
        weights = place / "weights.safetensors"
        file.replace(weights)
        shutil.rmtree(place / "partial")
        meet()
        return Stored(load_weights(weights), about, reused=False)


def find_stage(folder: Path, key: str) -> Stored | None:
    """Return the stage that is stored under a key, or None where it is not there or damaged.

    Waits while another process trains it.
    """
    if not (folder / key).is_dir():
        return None
    with _lock(folder, key):
        about = _read_and_clear(folder / key)
        if about is None:
            return None
        return Stored(load_weights(folder / key / "weights.safetensors"), about, reused=True)


def _lock(folder: Path, key: str) -> FileLock:
    return FileLock(folder / f"{key}.lock")


def _follow(place: Path, train: Callable[[Path], tuple[Path, dict[str, Any]]]) -> Stored:
    """Do as the first process of DDP does, which holds the lock and writes."""
    about = _read(place)
    if reused := about is not None:
        return Stored(load_weights(place / "weights.safetensors"), about, reused)
    train(place / "partial")
    meet()
    about = _read(place)
    assert about is not None
    return Stored(load_weights(place / "weights.safetensors"), about, reused)


def _read_and_clear(place: Path) -> dict[str, Any] | None:
    """Read a stage and remove what a killed process left beside it; the caller holds its lock."""
    about = _read(place)
    with suppress(OSError):  # a store that can't be written is still read
        remove_leftovers(place, place / "partial")
        if about is not None and (place / "partial").exists():
            shutil.rmtree(place / "partial")
    return about


def _read(place: Path) -> dict[str, Any] | None:
    try:
        about = json.loads((place / "stage.json").read_text(encoding="utf-8"))
        whole = about["sha256"] == sha256(place / "weights.safetensors")
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        whole = False
    if whole:
        with suppress(OSError):  # a store that can't be written is still read
            os.utime(place / "stage.json")  # `bioner stages` says when it was used last
        return about
    log.warning("stored stage %s is damaged: it is trained again", place)
    (place / "stage.json").unlink(missing_ok=True)
    return None


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
