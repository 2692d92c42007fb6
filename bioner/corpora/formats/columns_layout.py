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
    return any(len(_cut(line)) > 1 and _TAG.fullmatch(_cut(line)[-1]) for line in _lines(start))


def layout_of(files: Iterable[Path]) -> Layout:
    """Find the columns and the scheme of the files of one dataset.

    Raises:
        DataError: if a file can't be read, or no column holds tags.
    """
    tags: list[list[str]] = []
    place = -1
    for file in files:
        sentences = list(_sentences(text(file)))
        lines = [line for sentence in sentences for line in sentence]
        place = _tag_column(file, lines)
        tags += [[line[place] for line in sentence] for sentence in sentences]
    used = {tag for sentence in tags for tag in sentence}
    typed = any("-" in tag for tag in used)
    return Layout(1 if place == 0 else 0, place, scheme_of(tags), typed)


def _tag_column(file: Path, lines: Sequence[Sequence[str]]) -> int:
    """Return the last column in which every value is a tag; -1 where that is the last of all."""
    counts = {len(line) for line in lines}
    if len(counts) == 1:
        for column in range(counts.pop() - 1, -1, -1):
            if all(_TAG.fullmatch(line[column]) for line in lines):
                return -1 if column == len(lines[0]) - 1 else column
        found = "no column holds tags alone"
    else:
        found = f"its lines have {', '.join(map(str, sorted(counts)))} columns"
    raise DataError(file, None, found, "expected a word and a tag on every line")


def scheme_of(sentences: Iterable[Sequence[str]]) -> str | None:
    """Return the scheme of some tags, which may be without types; None where they follow none."""
    fit = fitting([_typed(tag) for tag in s] for s in sentences)
    # Where a file has no B, IO says more than IOB1, which reads the same mentions.
    return "IO" if "IO" in fit and "IOB2" not in fit else next(iter(fit), None)


def _typed(tag: str) -> str:
    return tag if "-" in tag or tag == OUTSIDE else f"{tag}-x"


def _lines(content: str) -> Iterator[str]:
    return (
        line
        for line in content.replace("\r\n", "\n").split("\n")
        if line.strip() and not _DOCUMENT.match(line)
    )


def _cut(line: str) -> list[str]:
    return line.split("\t") if "\t" in line else line.split()


def _sentences(content: str) -> Iterator[list[list[str]]]:
    """Yield the columns of the lines of each sentence."""
    for block in re.split(r"\n\s*\n", content):
        lines = [_cut(line) for line in _lines(block)]
        if lines:
            yield lines
