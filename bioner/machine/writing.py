"""Files that are whole or not there; where the disk takes no more, the error names the file."""

import errno
import glob
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bioner.errors import ConfigError, UserError

# A full disk, a used-up quota, the largest file that may be made, a disk that fails.
_NO_MORE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
# How libraries that are written in Rust say it.
_IN_WORDS = re.compile(r"os error (\d+)|\bcode: (\d+)")
# How numpy says that less was written than was to be.
_OF_NUMPY = re.compile(r"\d+ requested and \d+ written")


@contextmanager
def naming(file: Path) -> Iterator[None]:
    """Name a file where the disk takes no more of it: the system says no more than that.

    Raises:
        OSError: with the number and the file, whichever library has met it. One that names a file
            already is left as it is, so that a wider `naming` names what a closer one did not.
    """
    try:
        yield
    except Exception as error:
        number = disk_error(error)
        if number is None or _is_named(error):
            raise
        raise OSError(number, os.strerror(number), str(file)) from error


@contextmanager
def whole(file: Path) -> Iterator[Path]:
    """Lend the name under which a file is written; in the end it takes its own in one step.

    Where that fails nothing of it stays, but what a killed process leaves ends in `.tmp`.

    Raises:
        OSError: see `naming`.
    """
    temporary = file.with_name(f"{file.name}.{os.getpid()}.tmp")
    with naming(file), gone_if_it_fails(temporary):
        yield temporary
        temporary.replace(file)


def check_place(key: str, place: Path) -> None:
    """Refuse a place in which nothing can be made, before it is worked for.

    Args:
        key: of the config that names it.
        place: a file or folder that may be there or not.

    Raises:
        ConfigError: what there is of the path ends in a file, or in a folder that can't be written.
    """
    there = next(one for one in place.absolute().parents if one.exists())
    if not there.is_dir():
        raise ConfigError(key, f"{place}: {there} is no folder", "another place")
    if not os.access(there, os.W_OK | os.X_OK):
        raise ConfigError(key, f"{place}: {there} can't be written", "another place")


def sweep(file: Path) -> None:
    """Remove what killed processes of this machine left of a file that `whole` writes.

    For files that are written in a folder of the user's, which no lock guards.
    """
    for half in file.parent.glob(f"{glob.escape(file.name)}.*.tmp"):
        number = half.name.removeprefix(f"{file.name}.").removesuffix(".tmp")
        if number.isdecimal() and not _is_alive(int(number)):
            half.unlink(missing_ok=True)


def _is_alive(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # another user's
    return True


@contextmanager
def gone_if_it_fails(begun: Path) -> Iterator[None]:
    """Remove the file or folder that was begun, where what is done here fails."""
    try:
        yield
    except BaseException:
        if begun.is_dir():
            shutil.rmtree(begun, ignore_errors=True)
        else:
            with suppress(OSError):
                begun.unlink()
        raise


def _is_named(error: Exception) -> bool:
    """Say whether an error names a file already, and another one than a file lent by `whole`."""
    if isinstance(error, UserError):
        return True
    name = error.filename if isinstance(error, OSError) else None
    return bool(name) and not str(name).endswith(".tmp")


def disk_error(error: BaseException) -> int | None:
    """Return the number of the error that says that the disk takes no more, or None."""
    link: BaseException | None = error
    while link is not None:
        number = link.errno if isinstance(link, OSError) else None
        if number is None and (said := _IN_WORDS.search(str(link))):
            number = int(said[1] or said[2])
        elif number is None and _OF_NUMPY.fullmatch(str(link)):
            number = errno.ENOSPC
        if number in _NO_MORE:
            return number
        link = link.__cause__ or link.__context__
    return None
