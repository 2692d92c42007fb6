"""A run's prediction file as arrays: its mentions, and the units that resampling draws."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bioner.errors import DataError

# A line like this before a sentence opens a document; token lines have two tabs, this has none.
DOCUMENT = "# document "

_COLUMNS = "word, gold tag and predicted tag, tab-separated"


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
        words: one a line, empty between sentences.
        types: the entity types, sorted.
        gold: the file's mentions.
        guess: the predicted ones.
        unit: `[lines]`, the document of each line; the sentence where no document is marked.
        units: how many there are.
        sentences: how many sentences there are.
        by_document: whether the units are documents.
    """

    words: list[str]
    types: list[str]
    gold: Spans
    guess: Spans
    unit: np.ndarray
    units: int
    sentences: int
    by_document: bool


def read_predictions(path: Path) -> Predictions:
    """Read `word TAB gold TAB predicted`, an empty line after each sentence.

    Raises:
        DataError: the file is not there or not of this form.
    """
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(path, None, f"can't be read ({error})") from error
    if lines[-2:] != ["", ""]:
        raise DataError(path, len(lines), "ends inside a sentence", "an empty line after each")
    rows = [line.split("\t") for line in lines[:-1]]
    opens = np.array([len(row) == 1 and row[0].startswith(DOCUMENT) for row in rows], dtype=bool)
    for number, row in enumerate(rows, start=1):
        if len(row) != 3 and row != [""] and not opens[number - 1]:
            raise DataError(path, number, f"has {len(row)} columns", _COLUMNS)
    empty = np.array([row == [""] for row in rows], dtype=bool)
    words, gold, guess = (
        [row[k] if len(row) == 3 else "" for row in rows] for k in range(3)
    )
    types = sorted({tag[2:] for tag in {*gold, *guess} if tag[:2] in ("B-", "I-")})
    closed = np.cumsum(empty)
    unit = np.cumsum(opens) - opens[0] if opens.any() else closed - empty
    return Predictions(
        words, types, _spans(gold, types), _spans(guess, types), unit,
        int(unit[-1]) + 1, int(closed[-1]), bool(opens.any()),
    )  # fmt: skip


def _spans(tags: Sequence[str], types: Sequence[str]) -> Spans:
    """Return the mentions under strict IOB2, as `bioner.text.tags.spans`, on a whole file at once.

    A mention is a B- and the run of I- of its type that follows; lines between sentences are
    outside, so none reaches over them.
    """
    codes = {f"{prefix}-{name}": 1 + 2 * k + i
             for k, name in enumerate(types) for i, prefix in enumerate("BI")}  # fmt: skip
    found = np.array([codes.get(tag, 0) for tag in tags] + [0], dtype=np.int32)
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
    _, left, right = np.intersect1d(gold.start, guess.start, return_indices=True)
    same = gold.end[left] == guess.end[right]
    left, right = left[same], right[same]
    return left, right, gold.type[left] == guess.type[right]
