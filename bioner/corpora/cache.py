"""Arrays on disk: one folder a key, plain .npy files that are checked and memory-mapped."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from uuid import uuid4

import numpy as np
from filelock import FileLock, Timeout

from bioner.machine.writing import gone_if_it_fails, naming

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    Arrays = TypeVar("Arrays", bound=DataclassInstance)

_log = logging.getLogger(__name__)

# Bytes of a file that are checked at once: an entry may be larger than the memory.
_CHUNK = 1 << 20


class _DamagedError(Exception):
    """A cache folder does not hold what its meta.json says."""


def cached(
    folder: Path, key: Mapping[str, object], kind: type[Arrays], make: Callable[[], Arrays]
) -> Arrays:
    """Return what `make` gives for this key, from disk where it was made before.

    Several processes may ask for the same key at once: the first to finish is kept and the others
    use it. A damaged entry is made anew and a folder that can't be written is not used; the log
    says both.

    Args:
        folder: holds the entries of all keys; it is made if it is not there.
        key: all that decides the result, as JSON values.
        kind: of the result, a dataclass whose fields are arrays.
        make: makes the result.
    """
    canonical = json.dumps(key, sort_keys=True)
    entry = folder / hashlib.sha256(canonical.encode()).hexdigest()[:32]
    found = _load_or_none(entry, kind)
    if found is not None:
        _remove_leftovers(entry)  # of a process that was killed when the entry was whole
        return found
    made = make()
    try:
        _store(entry, canonical, made)
    except OSError as error:
        _warn_unwritable(folder, str(error))
        return made
    # Mapped pages are shared by all processes of the machine; the arrays just made are not.
    stored = _load_or_none(entry, kind)
    return made if stored is None else stored


@cache
def _warn_unwritable(folder: Path, error: str) -> None:
    """Say once for each folder that it can't be written."""
    _log.warning("%s: the cache can't be written (%s); going on without it", folder, error)


def _load_or_none(entry: Path, kind: type[Arrays]) -> Arrays | None:
    """Return the entry; None if it is not there, or if it was damaged and has been taken away."""
    if not os.path.lexists(entry):
        return None
    try:
        return _load(entry, kind)
    except (OSError, ValueError, KeyError, TypeError, _DamagedError) as error:
        _log.warning("%s: this cache is damaged (%s); it is made anew", entry, error)
    # A rename, not a removal, so that no process meets an entry of which half is gone. Where the
    # entry can't be moved, writing the new one fails too, and that is said then.
    aside = entry.with_name(f".{entry.name}.{uuid4().hex}")
    with suppress(OSError):
        entry.rename(aside)
    shutil.rmtree(aside, ignore_errors=True)
    return None


def _load(entry: Path, kind: type[Arrays]) -> Arrays:
    """Map the arrays of an entry, after a check of every byte."""
    meta = json.loads((entry / "meta.json").read_text("utf-8"))
    if meta["checksum"] != _checksum(meta["key"], meta["crc32"]):
        raise _DamagedError("meta.json has a wrong checksum")
    names = [field.name for field in fields(kind)]
    for name in names:
        if _crc32(entry / f"{name}.npy") != meta["crc32"][name]:
            raise _DamagedError(f"{name}.npy has a wrong checksum")
    return kind(**{name: np.load(entry / f"{name}.npy", mmap_mode="r") for name in names})


def _store(entry: Path, canonical: str, made: DataclassInstance) -> None:
    """Write an entry whole or not at all; leave one that another process wrote first."""
    entry.parent.mkdir(parents=True, exist_ok=True)
    _remove_leftovers(entry)
    work = entry.with_name(f".{entry.name}.{uuid4().hex}")
    lock = work.with_name(f"{work.name}.lock")
    with naming(entry), gone_if_it_fails(lock), FileLock(lock), gone_if_it_fails(work):
        work.mkdir()
        names = [field.name for field in fields(made)]
        for name in names:
            np.save(work / f"{name}.npy", getattr(made, name))
        crc32 = {name: _crc32(work / f"{name}.npy") for name in names}
        meta = {"checksum": _checksum(canonical, crc32), "key": canonical, "crc32": crc32}
        (work / "meta.json").write_text(json.dumps(meta, indent=1) + "\n", "utf-8")
        try:
            work.rename(entry)
        except OSError:
            if not (entry / "meta.json").is_file():
                raise
            shutil.rmtree(work, ignore_errors=True)
        lock.unlink()


def _remove_leftovers(entry: Path) -> None:
    """Remove what a killed process has left of an entry: it holds its lock no more."""
    for lock in entry.parent.glob(f".{entry.name}.*.lock"):
        with suppress(Timeout, OSError), FileLock(lock, timeout=0):
            shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
            lock.unlink()


def _crc32(path: Path) -> int:
    """Return the CRC-32 of a file. It is read, not mapped: mapped pages would count as ours."""
    found = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            found = zlib.crc32(chunk, found)
    return found


def _checksum(canonical: str, crc32: Mapping[str, int]) -> str:
    """Return the SHA-256 of what meta.json says."""
    return hashlib.sha256(json.dumps([canonical, crc32], sort_keys=True).encode()).hexdigest()
