"""A run's prediction file as arrays: its mentions, sentences and documents."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bioner.errors import DataError
from bioner.study.predictions import DOCUMENT

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
        words: one a line, empty between sentences.
        tags: the gold tag of each line.
        types: the entity types, sorted.
        gold: the file's mentions.
        guess: the predicted ones.
        sentence: `[lines]`, the sentence of each line.
        sentences: how many there are.
        opens: `[documents]`, the first sentence of each; None where no document is marked.
    """

    words: list[str]
    tags: list[str]
    types: list[str]
    gold: Spans
    guess: Spans
    sentence: np.ndarray
    sentences: int
    opens: np.ndarray | None


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
    # With three columns on empty lines too, one split gives all columns: 5 times as fast as a
    # split of every line.
    rows = ("".join(documents) or text).replace("\n\n", "\n\t\t\n")
    flat = rows.replace("\n", "\t").split("\t")[:-1]
    words, gold, guess = flat[0::3], flat[1::3], flat[2::3]
    tags = {*gold, *guess}
    if len(flat) % 3 or not all(tag in ("", "O") or tag[:2] in ("B-", "I-") for tag in tags):
        raise _misplaced(path, text)
    if not all(part.endswith("\n\n") for part in documents if part):
        raise DataError(path, None, "marks a document inside a sentence", _COLUMNS)
    types = sorted({tag[2:] for tag in tags if len(tag) > 1})
    blank = np.array([tag == "" for tag in gold])
    return Predictions(
        words, gold, types, _spans(gold, types), _spans(guess, types),
        np.cumsum(blank) - blank, int(blank.sum()), _opens(documents),
    )  # fmt: skip


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


def _spans(tags: Sequence[str], types: Sequence[str]) -> Spans:
    """Return the mentions under strict IOB2, as `bioner.text.tags.spans`, on a whole file at once.

    A mention is a B- and the run of I- of its type that follows; lines between sentences are
    outside, so none reaches over them.
    """
    codes = {"": 0, "O": 0}
    for k, name in enumerate(types):
        codes |= {f"B-{name}": 1 + 2 * k, f"I-{name}": 2 + 2 * k}
    found = np.array([*map(codes.__getitem__, tags), 0], dtype=np.int32)
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
