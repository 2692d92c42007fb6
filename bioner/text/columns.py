"""Reader of column files: one token a line, an empty line after each sentence."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bioner.config import DatasetConfig
from bioner.errors import ConfigError, DataError, Report, nearest, raise_it
from bioner.text.files import text
from bioner.text.sentence import Sentence
from bioner.text.tags import OUTSIDE, repair, violations

_DOCUMENT = re.compile(r" *-DOCSTART-(?:\s*\((?P<id>[^()]+)\)|\s|$)")
_SPACES = re.compile(" +")


def read(
    path: Path, config: DatasetConfig, name: str, report: Report = raise_it
) -> tuple[list[Sentence], int]:
    r"""Read a column file.

    The columns are parted by tabs or by runs of spaces; the first token line decides which, and how
    many columns the file has. A line that starts with `-DOCSTART-` begins a document, whose name is
    the id in round brackets on that line, else its ordinal. Lines end with `\n` or `\r\n` and with
    nothing else; a byte order mark is passed over.

    Args:
        path: the file.
        config: says which columns hold words and tags, and which tags are legal.
        name: of the dataset, for the keys in the messages.
        report: takes each fault of a line. Where it returns, reading goes on without the sentence
            that the line belongs to.

    Returns:
        The sentences, and the number of tags repaired (0 unless `config.repair`).

    Raises:
        DataError: if the file can't be read as text; by default also for the first faulty line.
        ConfigError: if the file has no such column.
    """
    # Not splitlines(): a word may hold U+2028, U+0085 or another of the line ends of Unicode.
    lines = text(path).split("\n")
    reader = _Reader(path, config, name, report, unended=len(lines) if lines[-1] else None)
    for number, line in enumerate(lines, 1):
        reader.take(line, number)
    reader.end_sentence(len(lines) + 1)
    if not reader.sentences and not reader.faulty:
        report(DataError(path, None, "has no sentence", "expected one token a line: word and tag"))
    return reader.sentences, reader.repaired


@dataclass(slots=True)
class _Layout:
    """How the lines of one file are cut, and where word and tag stand among the parts."""

    line: int
    separator: str
    cut: Callable[[str], list[str]]
    columns: int
    word: int
    tag: int


@dataclass(slots=True)
class _Reader:
    path: Path
    config: DatasetConfig
    name: str
    report: Report
    unended: int | None
    sentences: list[Sentence] = field(default_factory=list)
    repaired: int = 0
    document: str = ""
    documents: int = 0
    layout: _Layout | None = None
    tokens: dict[str, tuple[str, str]] = field(default_factory=dict)
    words: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    broken: bool = False
    faulty: int = 0

    def take(self, line: str, number: int) -> None:
        # Most lines of a corpus stand in it many times: each distinct one is judged once.
        token = self.tokens.get(line)
        if token is None:
            if not line or line.isspace():
                return self.end_sentence(number)
            if border := _DOCUMENT.match(line):
                return self.start_document(border["id"], number)
            try:
                token = self.tokens[line] = self.token(line, number)
            except DataError as error:
                # The line keeps its place, so that the lines after it are counted right.
                self.fault(error)
                self.broken, token = True, ("", OUTSIDE)
        self.words.append(token[0])
        self.tags.append(token[1])

    def fault(self, error: DataError) -> None:
        self.faulty += 1
        self.report(error)

    def start_document(self, identifier: str | None, number: int) -> None:
        self.end_sentence(number)
        self.documents += 1
        self.document = identifier or str(self.documents)

    def token(self, line: str, number: int) -> tuple[str, str]:
        """Return the word and the IOB2 tag of a line."""
        layout = self.layout or self.set_layout(line, number)
        parts = layout.cut(line)
        if len(parts) != layout.columns:
            found = f"{_columns(len(parts))} parted by {layout.separator}: {line!r}"
            if number == self.unended:
                found += ", and the file ends within this line"
            raise self.error(number, found, f"expected {layout.columns}, as on line {layout.line}")
        if layout.cut is _by_spaces and "\t" in line:
            legal = f"expected columns parted by spaces, as on line {layout.line}"
            raise self.error(number, f"a tab: {line!r}", legal)
        word = parts[layout.word]
        if not word or word.isspace():
            raise self.error(number, f"the word is {word!r}", "expected a word that is not blank")
        return word, self.read_tag(parts[layout.tag], number)

    def set_layout(self, line: str, number: int) -> _Layout:
        tabs = "\t" in line
        cut = _by_tabs if tabs else _by_spaces
        columns = len(cut(line))
        word, tag = self.config.word_column, self.config.tag_column
        for key, column in (("word_column", word), ("tag_column", tag)):
            if not -columns <= column < columns:
                raise ConfigError(
                    f"dataset.{self.name}.{key}",
                    f"is {column}, but {self.path}:{number} has {_columns(columns)}",
                    f"expected a number from {-columns} to {columns - 1}",
                )
        if word % columns == tag % columns:
            raise self.error(
                number,
                f"{_columns(columns)}: {line!r}, so word_column {word} and tag_column {tag} "
                "are the same",
                "expected a column of words and one of tags, parted by a tab or by spaces",
            )
        separator = "tabs" if tabs else "spaces"
        self.layout = _Layout(number, separator, cut, columns, word, tag)
        return self.layout

    def read_tag(self, tag: str, number: int) -> str:
        """Return the IOB2 tag that a tag of the file stands for."""
        if tag == OUTSIDE:
            return tag
        prefix, hyphen, type_name = tag.partition("-")
        typed, types = self.config.typed, self.config.types
        known = prefix in ("B", "I") and (not hyphen or type_name.split() == [type_name])
        legal = "expected O, B-TYPE or I-TYPE (IOB2)" if typed else "expected O, B or I"
        if known and typed and not hyphen:
            legal += f"; for a file of bare B, I and O set dataset.{self.name}.typed=false"
            raise self.error(number, f"tag {tag!r} has no type", legal)
        if known and not typed and hyphen:
            legal += f", or set dataset.{self.name}.typed=true"
            raise self.error(number, f"tag {tag!r} has a type, but typed is false", legal)
        if not known:
            raise self.error(number, f"unknown tag {tag!r}", legal)
        if not typed:
            return f"{prefix}-{types[0]}"
        if types and type_name not in types:
            found = f"type {type_name!r} is not in dataset.{self.name}.types"
            raise self.error(number, found, nearest(type_name, types))
        return tag

    def end_sentence(self, number: int) -> None:
        """Close the sentence whose last word stands on the line before `number`."""
        if not self.words:
            return
        line = number - len(self.words)
        tags = tuple(self.tags)
        # A line that can't be read may be what the next one continues.
        places = [] if self.broken or tags.count(OUTSIDE) == len(tags) else violations(tags)
        if places and self.config.repair:
            tags, repaired = repair(tags)
            self.repaired += repaired
        elif places:
            self.broken = True
            for place in places:
                self.fault(self.violation(place, line + place))
        if not self.broken:
            self.sentences.append(Sentence(tuple(self.words), tags, line, self.document))
        self.words.clear()
        self.tags.clear()
        self.broken = False

    def violation(self, place: int, number: int) -> DataError:
        def written(tag: str) -> str:
            return tag if self.config.typed else tag[0]

        tag = self.tags[place]
        after = f"after {written(self.tags[place - 1])}" if place else "at the start of a sentence"
        return self.error(
            number,
            f"tag {written(tag)} of {self.words[place]!r} {after} continues no mention",
            f"expected {written('B' + tag[1:])}; to read it as that set "
            f"dataset.{self.name}.repair=true",
        )

    def error(self, number: int, found: str, legal: str) -> DataError:
        return DataError(self.path, number, found, legal)


def _by_tabs(line: str) -> list[str]:
    return line.split("\t")


def _by_spaces(line: str) -> list[str]:
    return _SPACES.split(line.strip(" "))


def _columns(count: int) -> str:
    return "1 column" if count == 1 else f"{count} columns"
