"""A corpus file as bytes and as text, with errors that say what is wrong with it."""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from bioner.errors import DataError

BOM = b"\xef\xbb\xbf"
UTF16 = (b"\xff\xfe", b"\xfe\xff")
_COMPRESSED = {
    b"\x1f\x8b": ("gzip", "gunzip"),
    b"BZh": ("bzip2", "bunzip2"),
    b"\xfd7zXZ\0": ("xz", "unxz"),
    b"PK\x03\x04": ("zip", "unzip"),
    b"\x28\xb5\x2f\xfd": ("zstd", "unzstd"),
    b"7z\xbc\xaf": ("7z", "7z x"),
}


def open_bytes(path: Path) -> BinaryIO:
    """Open a file.

    Raises:
        DataError: if there is no such file, or it can't be opened.
    """
    try:
        return path.open("rb")
    except FileNotFoundError:
        raise DataError(path, None, "no such file") from None
    except IsADirectoryError:
        raise DataError(path, None, "is a folder", "expected a file") from None
    except OSError as error:
        raise DataError(path, None, f"can't be read: {error.strerror}") from None


def contents(path: Path) -> bytes:
    """Return the bytes of a file.

    Raises:
        DataError: if there is no such file, or it can't be read.
    """
    with open_bytes(path) as file:
        try:
            return file.read()
        except OSError as error:
            raise DataError(path, None, f"can't be read: {error.strerror}") from None


def unended(path: Path) -> int | None:
    """Return the number of the last line of a file if nothing ends that line, else None.

    Raises:
        DataError: if there is no such file, or it can't be read.
    """
    data = contents(path)
    return None if not data or data.endswith(b"\n") else data.count(b"\n") + 1


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal.

    Raises:
        DataError: if there is no such file, or it can't be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        # The same fault, said in the same words; a file that can be read after all is no fault.
        return hashlib.sha256(contents(path)).hexdigest()


def sha256_of(lines: Iterable[str]) -> str:
    """Return the SHA-256 of lines of text in hexadecimal."""
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def text(path: Path) -> str:
    r"""Return the text of a UTF-8 file, its lines ended by `\n`, without a byte order mark.

    Raises:
        DataError: if the file can't be read, is empty or is not UTF-8 text.
    """
    data = contents(path)
    if not data:
        raise DataError(path, None, "is empty", "expected one token a line: word and tag")
    if fault := no_text(data, path):
        raise fault
    data = data.removeprefix(BOM).replace(b"\r\n", b"\n")
    for byte, found in ((b"\0", "a NUL byte, as in a binary file"), (b"\r", r"a \r without \n")):
        if byte in data:
            legal = r"expected UTF-8 text, its lines ended by \n or \r\n"
            raise DataError(path, _line(data, data.index(byte)), found, legal)
    return decoded(data, path)


def decoded(data: bytes, path: Path | str, first_line: int = 1) -> str:
    """Return UTF-8 bytes as text.

    Args:
        data: the bytes.
        path: the file, for the message.
        first_line: the number of the line that they begin with.

    Raises:
        DataError: if they are not UTF-8, with the line and the byte in it.
    """
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        byte = error.start - data.rfind(b"\n", 0, error.start)
        found = f"byte {byte} of the line, 0x{data[error.start]:02x}, is not UTF-8"
        legal = "expected UTF-8; to convert from Latin-1: iconv -f LATIN1 -t UTF-8"
        line = first_line + _line(data, error.start) - 1
        raise DataError(path, line, found, legal) from None


def no_text(start: bytes, path: Path | str) -> DataError | None:
    """Return the error for a file that begins as UTF-16 does (or UTF-32), or as compressed data."""
    if start.startswith(UTF16):
        convert = "iconv -f UTF-16 -t UTF-8 (or UTF-32, which begins alike)"
        return DataError(path, 1, "is UTF-16", f"expected UTF-8; to convert: {convert}")
    return compressed(start, path)


def compressed(start: bytes, path: Path | str) -> DataError | None:
    """Return the error for a file that begins as compressed data does."""
    for magic, (name, program) in _COMPRESSED.items():
        if start.startswith(magic):
            found = f"is compressed data ({name})"
            return DataError(path, None, found, f"expected what {program} makes of it")
    return None


def _line(data: bytes, offset: int) -> int:
    return data.count(b"\n", 0, offset) + 1
