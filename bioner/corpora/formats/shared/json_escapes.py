"""The escapes of a JSON text: half of a surrogate pair is found before a parser sees it."""

import re
from pathlib import Path

from bioner.errors import DataError

# A whole pair, a half, any other escape: in this order, so that each backslash is read once.
_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB]%b\\u[dD][c-fC-F]%b|(?P<half>u[dD][89a-fA-F]%b)|.)"
    % ((rb"[0-9a-fA-F]{2}",) * 3),
    re.DOTALL,
)
_LONGEST = len(rb"\ud83d\ude00")


class HalfPairError(DataError):
    """Half of a surrogate pair stands where a character should."""


class Escapes:
    r"""Checks the escapes of a JSON text that comes in pieces.

    Parsers differ: of `"\ud800"`, which is no character, yajl makes a question mark.

    Args:
        place: the file.
        line: that the text begins on.
        byte: how many bytes of that line are before it.
    """

    def __init__(self, place: Path | str, line: int = 1, byte: int = 0) -> None:
        self._place = place
        self._held = b""  # an escape that the next piece may go on with
        self._line, self._byte = line, byte  # where that begins

    def check(self, piece: bytes) -> bytes:
        """Take the next piece, an empty one at the end, and return the bytes that are seen through.

        An escape at the end of the piece is held back until it is whole.

        Raises:
            HalfPairError: with its line.
        """
        data, end = self._held + piece, 0
        for escape in _ESCAPE.finditer(data):
            if piece and escape.start() > len(data) - _LONGEST:
                break
            if escape["half"]:
                self._pass(data[: escape.start()])
                found = f"{escape.group().decode()} at byte {self._byte + 1}"
                legal = "expected Unicode characters"
                raise HalfPairError(
                    self._place, self._line, f"{found} is half of a surrogate pair", legal
                )
            end = escape.end()
        held = data.find(b"\\", end) if piece else -1
        end = len(data) if held < 0 else held
        self._held = data[end:]
        return self._pass(data[:end])

    def _pass(self, data: bytes) -> bytes:
        lines = data.count(b"\n")
        self._line += lines
        self._byte = len(data) - data.rindex(b"\n") - 1 if lines else self._byte + len(data)
        return data


def half_pair(text: str, start: int, end: int, place: Path | str) -> HalfPairError | None:
    """Return the error for half of a surrogate pair in a part of a JSON text, or None."""
    part = text[start:end]
    if "\\u" not in part:
        return None
    before = text[text.rfind("\n", 0, start) + 1 : start]
    escapes = Escapes(place, text.count("\n", 0, start) + 1, len(before.encode()))
    try:
        escapes.check(part.encode())
        escapes.check(b"")
    except HalfPairError as error:
        return error
    return None
