"""Where documents are read from: a file, or a stream such as standard input."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from bioner.corpora.files import BOM, UTF16, open_bytes, utf16_error
from bioner.errors import DataError

Source = Path | IO[bytes]
"""A path, or a binary stream that is read once, from where it stands."""


def place_of(source: Source) -> Path | str:
    """Return what a message calls the source."""
    return source if isinstance(source, Path) else str(getattr(source, "name", "(stream)"))


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


def numbered_lines(source: Source) -> Iterator[tuple[int, str]]:
    r"""Yield the lines of a UTF-8 source with their numbers from 1, without `\n` or `\r\n`.

    Only these end a line. A byte order mark is passed over.

    Raises:
        DataError: if the source can't be read or is not UTF-8 text.
    """
    place = place_of(source)
    with opened(source) as stream:
        for number, data in enumerate(stream, 1):
            if number == 1:
                if data.startswith(UTF16):
                    raise utf16_error(place)
                data = data.removeprefix(BOM)
            data = data.removesuffix(b"\n").removesuffix(b"\r")
            try:
                line = data.decode()
            except UnicodeDecodeError as error:
                found = f"byte 0x{data[error.start]:02x} is not UTF-8"
                raise DataError(place, number, found, "expected UTF-8") from None
            if "\0" in line or "\r" in line:
                found = "a NUL byte, as in a binary file" if "\0" in line else r"a \r without \n"
                legal = r"expected UTF-8 text, its lines ended by \n or \r\n"
                raise DataError(place, number, found, legal)
            yield number, line
