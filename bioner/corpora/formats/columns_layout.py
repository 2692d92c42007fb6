"""How a column file looks: whether it is one, where its tags stand and what scheme they follow."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bioner.corpora.files import text
from bioner.corpora.schemes import fitting
from bioner.corpora.tags import OUTSIDE
from bioner.errors import DataError

_TAG = re.compile(r"O|[BIESLU](-\S+)?")
_DOCUMENT = re.compile(r" *-DOCSTART-")


@dataclass(frozen=True)
class Layout:
    """How column files are read.

    Attributes:
        word: the column of the words.
        tag: the column of the tags; -1 is the last.
        scheme: of the tags; None where they follow none.
        typed: whether the tags have types.
    """

    word: int
    tag: int
    scheme: str | None
    typed: bool


def look_like_columns(path: Path, start: str) -> bool:
    """Say whether a file's first characters are columns of which the last holds tags."""
    return any(len(_cut(line)) > 1 and _TAG.fullmatch(_cut(line)[-1]) for _, line in _rows(start))


def layout_of(files: Iterable[Path]) -> Layout:
    """Find the columns and the scheme of the files of one dataset.

    Raises:
        DataError: if a file can't be read, or no column holds tags.
    """
    tags: list[list[str]] = []
    place = -1
    for file in files:
        sentences = list(_sentences(text(file)))
        place = _tag_column(file, [row for sentence in sentences for row in sentence])
        tags += [[columns[place] for _, columns in sentence] for sentence in sentences]
    used = {tag for sentence in tags for tag in sentence}
    typed = any("-" in tag for tag in used)
    return Layout(1 if place == 0 else 0, place, scheme_of(tags), typed)


def _tag_column(file: Path, rows: Sequence[tuple[int, list[str]]]) -> int:
    """Return the last column in which every value is a tag; -1 where that is the last of all."""
    legal = "expected a word and a tag on every line"
    counts = {len(columns) for _, columns in rows}
    if len(counts) > 1:
        other = next(number for number, columns in rows if len(columns) != len(rows[0][1]))
        found = f"its lines have {', '.join(map(str, sorted(counts)))} columns"
        raise DataError(file, other, found, legal)
    for column in range(len(rows[0][1]) - 1 if rows else -1, -1, -1):
        if all(_TAG.fullmatch(columns[column]) for _, columns in rows):
            return -1 if column == len(rows[0][1]) - 1 else column
    untagged = (number for number, columns in rows if not _TAG.fullmatch(columns[-1]))
    raise DataError(file, next(untagged, None), "no column holds tags alone", legal)


def scheme_of(sentences: Iterable[Sequence[str]]) -> str | None:
    """Return the scheme of some tags, which may be without types; None where they follow none."""
    fit = fitting([_typed(tag) for tag in s] for s in sentences)
    # Where a file has no B, IO says more than IOB1, which reads the same mentions.
    return "IO" if "IO" in fit and "IOB2" not in fit else next(iter(fit), None)


def _typed(tag: str) -> str:
    return tag if "-" in tag or tag == OUTSIDE else f"{tag}-x"


def _rows(content: str) -> Iterator[tuple[int, str]]:
    """Yield the lines that are more than blanks and mark no document, with their numbers."""
    for number, line in enumerate(content.replace("\r\n", "\n").split("\n"), 1):
        if line.strip() and not _DOCUMENT.match(line):
            yield number, line


def _cut(line: str) -> list[str]:
    return line.split("\t") if "\t" in line else line.split()


def _sentences(content: str) -> Iterator[list[tuple[int, list[str]]]]:
    """Yield the numbers and the columns of the lines of each sentence."""
    sentence: list[tuple[int, list[str]]] = []
    for number, line in _rows(content):
        if sentence and number != sentence[-1][0] + 1:
            yield sentence
            sentence = []
        sentence.append((number, _cut(line)))
    if sentence:
        yield sentence
