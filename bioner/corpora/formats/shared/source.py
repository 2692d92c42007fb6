"""Where documents are read from: a file, or a stream such as standard input."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

from bioner.corpora.files import BOM, decoded, no_text, open_bytes
from bioner.errors import DataError, Report, raise_it

Source = Path | IO[bytes]
"""A path, or a binary stream that is read once, from where it stands."""


def place_of(source: Source) -> Path | str:
    """Return what a message calls the source."""
    return source if isinstance(source, Path) else str(getattr(source, "name", "(stream)"))


def file_behind(source: Source) -> Path | None:
    """Return the file that a source reads, which may be read anew; None where there is none."""
    path = Path(place_of(source))
    return path if path.is_file() else None


@contextmanager
def opened(source: Source) -> Iterator[IO[bytes]]:
    """Lend the bytes of a source; a file is closed afterwards, a stream is not.

    Raises:
        DataError: if there is no such file, or it can't be read.
    """
    if not isinstance(source, Path):
        yield source
        return
    with open_bytes(source) as stream:
        yield stream


class Line(NamedTuple):
    r"""A line of a file.

    Attributes:
        number: from 1.
        text: without `\n` or `\r\n`; of a line with a fault what can be read of it.
        fault: what keeps the line from being text; None where it is.
        ended: whether a line end follows: the last line of a whole file mostly has one.
    """

    number: int
    text: str
    fault: DataError | None = None
    ended: bool = True


def lines_of(source: Source) -> Iterator[Line]:
    r"""Yield the lines of a UTF-8 source, those too that are no text.

    Only `\n` and `\r\n` end a line. A byte order mark is passed over.

    Raises:
        DataError: if the source can't be read, or begins as UTF-16 or compressed data do.
    """
    place = place_of(source)
    with opened(source) as stream:
        for number, data in enumerate(_bytes_of(stream, place), 1):
            if number == 1:
                if fault := no_text(data, place):
                    raise fault
                data = data.removeprefix(BOM)
            ended = data.endswith(b"\n")
            data = data.removesuffix(b"\n").removesuffix(b"\r" if ended else b"")
            yield _line(data, place, number, ended)


def _line(data: bytes, place: Path | str, number: int, ended: bool) -> Line:
    try:
        line = decoded(data, place, number)
    except DataError as error:
        return Line(number, data.decode(errors="replace"), error, ended)
    fault = None
    if "\0" in line or "\r" in line:
        found = "a NUL byte, as in a binary file" if "\0" in line else r"a \r without \n"
        legal = r"expected UTF-8 text, its lines ended by \n or \r\n"
        fault = DataError(place, number, found, legal)
    return Line(number, line, fault, ended)


def numbered_lines(source: Source, report: Report = raise_it) -> Iterator[tuple[int, str]]:
    r"""Yield the lines of a UTF-8 source with their numbers from 1, without `\n` or `\r\n`.

    Args:
        source: the file or a binary stream.
        report: takes each fault of a line. Where it returns, reading goes on without the line.

    Raises:
        DataError: as `lines_of`; by default also for the first line that is no text.
    """
    for number, text, fault, _ in lines_of(source):
        if fault is None:
            yield number, text
        else:
            report(fault)


def _bytes_of(stream: IO[bytes], place: Path | str) -> Iterator[bytes]:
    try:
        # Of the stream itself `yield from` closes it where nobody asks for the rest.
        yield from iter(stream.readline, b"")
    except OSError as error:
        raise DataError(place, None, f"can't be read: {error.strerror}") from None
