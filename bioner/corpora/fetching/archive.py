"""Members of a zip or tar archive, unpacked so that nothing leaves the folder they go to."""

import errno
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from lzma import LZMAError
from pathlib import Path, PurePosixPath
from typing import IO
from zlib import error as ZlibError

# More is no corpus but a bomb, or the wrong file.
MOST_BYTES, MOST_MEMBERS = 4 << 30, 200_000

_CHUNK = 1 << 20


class ArchiveError(Exception):
    """An archive can't be unpacked; the message says why."""


@dataclass(frozen=True)
class _Member:
    """A regular file of an archive."""

    name: str
    open: Callable[[], IO[bytes]]


def unpack(archive: Path, wanted: Sequence[str], folder: Path) -> None:
    """Write the wanted members, and nothing else, below a folder.

    Args:
        archive: a zip file, or a tar file that may be compressed with gzip, bzip2 or xz.
        wanted: names of files or of folders, which come with all that they hold.
        folder: a folder that is there; a member keeps its path below it. Of two of one name the
            last is kept, as `tar` does.

    Raises:
        ArchiveError: if the archive is damaged, lacks a wanted member, holds a link or a name that
            leads out of the folder, or more than `MOST_BYTES` or `MOST_MEMBERS`. What was written
            until then stays.
        OSError: if the folder can't be written.
    """
    missing, left = set(wanted), MOST_BYTES
    try:
        with _open(archive) as members:
            for member in members:
                within = [name for name in wanted if _lies_in(member.name, name)]
                missing -= set(within)
                if within:
                    left -= _write(member, folder / member.name, left)
    except (
        tarfile.TarError,
        zipfile.BadZipFile,
        ZlibError,
        LZMAError,
        EOFError,
        NotImplementedError,
        RuntimeError,
        OSError,
    ) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # of the disk; gzip and bzip2 say with an OSError without a number what they met
        raise ArchiveError(f"it is damaged, or of an unknown kind: {error}") from error
    if missing:
        raise ArchiveError(f"it does not hold {', '.join(sorted(missing))}")


def _lies_in(member: str, name: str) -> bool:
    return PurePosixPath(member).is_relative_to(name)


@contextmanager
def _open(archive: Path) -> Iterator[Iterator[_Member]]:
    """Lend the regular files of an archive, in its order; anything that is unsafe ends it."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as opened:
            yield _limited(_of_zip(opened))
    else:
        with tarfile.open(archive, "r:*") as tar:
            yield _limited(_of_tar(tar))
            _read_to_the_end(tar)


def _read_to_the_end(tar: tarfile.TarFile) -> None:
    """Read what lies behind the last member: there is what a compressed file is checked by."""
    behind = 0
    while chunk := tar.fileobj.read(_CHUNK) if tar.fileobj else b"":
        behind += len(chunk)
        if behind > MOST_BYTES:
            raise ArchiveError(f"it unpacks to more than {MOST_BYTES:,} bytes")


def _limited(members: Iterable[_Member | None]) -> Iterator[_Member]:
    for number, member in enumerate(members, 1):
        if number > MOST_MEMBERS:
            raise ArchiveError(f"it holds more than {MOST_MEMBERS:,} members")
        if member is not None:
            yield member


def _of_zip(opened: zipfile.ZipFile) -> Iterator[_Member | None]:
    for info in opened.infolist():
        name, kind = _safe(info.filename), stat.S_IFMT(info.external_attr >> 16)
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise ArchiveError(f"its member {name!r} is a link or a device")
        yield None if info.is_dir() else _Member(name, partial(opened.open, info))


def _of_tar(opened: tarfile.TarFile) -> Iterator[_Member | None]:
    for info in opened:
        name = _safe(info.name)
        if not (info.isreg() or info.isdir()):
            raise ArchiveError(f"its member {name!r} is a link or a device")
        yield None if info.isdir() else _Member(name, partial(_content, opened, info))


def _content(opened: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes]:
    content = opened.extractfile(info)
    assert content is not None  # it is a regular file
    return content


def _safe(name: str) -> str:
    """Return a member's name if it leads nowhere but below the folder."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or name[1:2] == ":":
        raise ArchiveError(f"its member {name!r} would leave the folder")
    return str(path)


def _write(member: _Member, target: Path, most: int) -> int:
    """Write a member and return its size; headers lie, so the bytes themselves are counted."""
    written = 0
    with member.open() as source, _begun(target, member.name) as file:
        while chunk := source.read(_CHUNK):
            written += len(chunk)
            if written > most:
                raise ArchiveError(f"it unpacks to more than {MOST_BYTES:,} bytes")
            file.write(chunk)
    return written


def _begun(target: Path, name: str) -> IO[bytes]:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        return target.open("wb")
    except OSError as error:
        if error.errno not in (errno.EEXIST, errno.ENOTDIR, errno.EISDIR):
            raise
        raise ArchiveError(f"its member {name!r} is a file and a folder at once") from error
