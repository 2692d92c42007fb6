"""The text of a BioC passage that has only sentences."""

from collections.abc import Sequence
from pathlib import Path

from bioner.errors import DataError


def joined(
    sentences: Sequence[tuple[int, str]], place: Path | str, line: int | None
) -> tuple[int, str]:
    """Return the offset and the text of a passage, blanks where no sentence is.

    Args:
        sentences: offset and text of each.
        place: the file, for the message.
        line: of the passage, for the message.

    Raises:
        DataError: if the sentences overlap, or leave a gap of more than 10,000 characters.
    """
    first = sentences[0][0]
    pieces: list[str] = []
    end = first
    for offset, text in sentences:
        gap = offset - end
        if not 0 <= gap <= 10_000:
            found = f"a sentence starts at {offset}, and the one before it ends at {end}"
            raise DataError(
                place, line, found, "expected sentences in order, without overlap or large gaps"
            )
        pieces += [" " * gap, text]
        end = offset + len(text)
    return first, "".join(pieces)
