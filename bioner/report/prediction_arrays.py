"""A run's prediction file as arrays: its mentions, sentences and documents."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from bioner.errors import DataError
from bioner.runs.predictions import DOCUMENT

_COLUMNS = "word, gold tag and predicted tag, tab-separated"
_MARK = re.compile(f"^{DOCUMENT}[^\t\n]*\n", flags=re.MULTILINE)


@dataclass(frozen=True)
class Spans:
    """Mentions, in the order of the file.

    Attributes:
        start: `[mentions]`, the line of the first word, counted from 0.
        end: `[mentions]`, the line after the last word's.
        type: `[mentions]`, index into the file's types.
    """

    start: np.ndarray
    end: np.ndarray
    type: np.ndarray


@dataclass(frozen=True)
class Predictions:
    """What a prediction file says.

    Attributes:
        text: the file's lines, without those that mark documents.
        types: the entity types, sorted.
        gold: the file's mentions.
        guess: the predicted ones.
        sentence: `[lines]`, the sentence of each line.
        sentences: how many there are.
        opens: `[documents]`, the first sentence of each; None where no document is marked.
    """

    text: str = field(repr=False)
    types: list[str]
    gold: Spans
    guess: Spans
    sentence: np.ndarray
    sentences: int
    opens: np.ndarray | None

    @cached_property
    def words(self) -> list[str]:
        """One a line, empty between sentences."""
        return [line.partition("\t")[0] for line in self.text.split("\n")[:-1]]

    @cached_property
    def matched(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Which gold and predicted mentions stand at the same words: see `matches`."""
        return matches(self.gold, self.guess)


def read_predictions(path: Path) -> Predictions:
    """Read `word TAB gold TAB predicted`, an empty line after each sentence.

    Raises:
        DataError: the file is not there or not of this form.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(path, None, f"can't be read ({error})") from error
    if not text.endswith("\n\n"):
        raise DataError(path, text.count("\n") + 1, "ends inside a sentence", _COLUMNS)
    documents = _MARK.split(text)[1:] if text.startswith(DOCUMENT) else []
    if not all(part.endswith("\n\n") for part in documents if part):
        raise DataError(path, None, "marks a document inside a sentence", _COLUMNS)
    body = "".join(documents) or text
    columns = _columns(body.encode())
    if columns is None:
        raise _misplaced(path, text)
    filled, gold, guess = columns
    types = sorted({tag[2:].decode() for tag in {*gold.tags, *guess.tags}})
    return Predictions(
        body,
        types,
        _spans(gold, types, len(filled)),
        _spans(guess, types, len(filled)),
        np.cumsum(~filled) - ~filled,
        int((~filled).sum()),
        _opens(documents),
    )


@dataclass(frozen=True)
class _Column:
    """The tags of a column that are not O: their lines, counted from 0, and the tags."""

    lines: np.ndarray
    tags: list[bytes]


def _columns(data: bytes) -> tuple[np.ndarray, _Column, _Column] | None:
    """Return which lines are not empty and the two columns of tags, None where any is wrong.

    The bytes are searched as an array, and only the tags of mentions become objects: a report reads
    thousands of files, and most of their words are outside.
    """
    array = np.frombuffer(data, dtype=np.uint8)
    ends, tabs = (np.flatnonzero(array == ord(byte)) for byte in "\n\t")
    starts = np.append(0, ends[:-1] + 1)
    filled = ends > starts
    lines = np.flatnonzero(filled)
    if not filled[0] or not (filled[1:] | filled[:-1]).all() or len(tabs) != 2 * len(lines):
        return None
    first, second = tabs[0::2], tabs[1::2]
    if (first < starts[lines]).any() or (second > ends[lines]).any():
        return None
    found = []
    for start, end in ((first + 1, second), (second + 1, ends[lines])):
        tagged = np.flatnonzero((array[start] != ord("O")) | (end - start != 1))
        places = zip(start[tagged].tolist(), end[tagged].tolist(), strict=True)
        tags = [data[a:b] for a, b in places]
        if not all(tag[:2] in (b"B-", b"I-") for tag in set(tags)):
            return None
        found.append(_Column(lines[tagged], tags))
    return filled, found[0], found[1]


def _opens(documents: Sequence[str]) -> np.ndarray | None:
    """Return the first sentence of each document that has any."""
    sentences = np.array([part.count("\n\n") for part in documents if part], dtype=np.int64)
    return np.cumsum(sentences) - sentences if documents else None


def _misplaced(path: Path, text: str) -> DataError:
    """Return the error that names the first line which is not of the right form.

    It quotes nothing: the report shows it, and holds no text of the corpora.
    """
    for number, line in enumerate(text.split("\n"), start=1):
        row = line.split("\t")
        if not line or line.startswith(DOCUMENT):
            continue
        if len(row) != 3:
            return DataError(path, number, f"holds {len(row)} columns", _COLUMNS)
        if not all(tag == "O" or tag[:2] in ("B-", "I-") for tag in row[1:]):
            return DataError(path, number, "holds a tag that is not of IOB2", _COLUMNS)
    return DataError(path, None, "has empty lines that end no sentence", _COLUMNS)


def _spans(column: _Column, types: Sequence[str], lines: int) -> Spans:
    """Return the mentions under strict IOB2, as `bioner.corpora.tags.spans`, on a whole file.

    A mention is a B- and the run of I- of its type that follows; lines between sentences are
    outside, so none reaches over them.
    """
    tags = [f"{letter}-{name}".encode() for name in types for letter in "BI"]
    codes = {tag: k for k, tag in enumerate(tags, start=1)}
    found = np.zeros(lines + 1, dtype=np.int32)
    found[column.lines] = [*map(codes.__getitem__, column.tags)]
    start = np.flatnonzero(found % 2)
    borders = np.append(np.flatnonzero(np.diff(found)) + 1, len(found))
    run_end = borders[np.searchsorted(borders, start + 1, side="right")]
    goes_on = found[start + 1] == found[start] + 1
    end = np.where(goes_on, run_end, start + 1)
    return Spans(start, end, (found[start] - 1) // 2)


def matches(gold: Spans, guess: Spans) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return which mention of each side stands at the same words on the other.

    Returns:
        Indices into `gold`, indices into `guess`, and whether the types are the same too.
    """
    _, left, right = np.intersect1d(
        gold.start, guess.start, assume_unique=True, return_indices=True
    )
    same = gold.end[left] == guess.end[right]
    left, right = left[same], right[same]
    return left, right, gold.type[left] == guess.type[right]
