"""The rows of a column file as sentences: one strictness for corpora and for prediction."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bioner.corpora.formats.shared.source import Line
from bioner.corpora.tags import OUTSIDE
from bioner.errors import ConfigError, DataError

_DOCUMENT = re.compile(r" *-DOCSTART-(?:\s*\((?P<id>[^()]+)\)|\s|$)")
_SPACES = re.compile(" +")
# Distinct lines that are kept: a stream may have no end.
_KEPT = 200_000


@dataclass(slots=True)
class Row:
    """A sentence as its file has it.

    Attributes:
        words: of the sentence.
        tags: of the words, as in the file; a bare letter has the type of the dataset.
        line: of the first word.
        document: that the sentence belongs to; "" before the first mark.
        passed: the lines of comments after the first word.
        broken: whether a line could not be read.
    """

    words: tuple[str, ...]
    tags: tuple[str, ...]
    line: int
    document: str
    passed: tuple[int, ...]
    broken: bool

    def line_of(self, place: int) -> int:
        """Return the line of a word."""
        line = self.line + place
        for number in self.passed:
            line += number <= line
        return line


@dataclass(frozen=True, slots=True)
class Columns:
    """What the columns of a file are.

    Attributes:
        word: the column of the words; -1 is the last.
        tag: the column of the tags.
        read_tag: returns a tag with its letter and its type, whatever the scheme; a DataError's
            path and line are those that it is given.
        bare: whether a file may have words alone, which then are all outside.
        document: what a line starts with that begins a document, besides -DOCSTART-.
        comment: what a line starts with that is passed over.
        key: before the names of keys in messages ("dataset.mine.").
    """

    word: int
    tag: int
    read_tag: Callable[[str, int], str]
    bare: bool = False
    document: str | None = None
    comment: str | None = None
    key: str = ""


@dataclass(slots=True)
class _Layout:
    """How the lines of one file are cut, and where word and tag stand among the parts."""

    line: int
    separator: str
    cut: Callable[[str], list[str]]
    columns: int
    word: int
    tag: int | None


@dataclass(slots=True)
class Rows:
    """Gathers the sentences of a file, line by line.

    Attributes:
        found: the sentences so far; who takes them away as they come keeps the memory small.
        faults: what is wrong with lines so far.
        stripped: words that had blanks around them.
        unended: the number of the last line where nothing ends it.
    """

    place: Path | str
    columns: Columns
    found: list[Row] = field(default_factory=list)
    faults: list[DataError] = field(default_factory=list)
    stripped: int = 0
    unended: int | None = None
    _document: str = ""
    _documents: int = 0
    _layout: _Layout | None = None
    _tokens: dict[str, tuple[str, str, bool]] = field(default_factory=dict)
    _words: list[str] = field(default_factory=list)
    _tags: list[str] = field(default_factory=list)
    _passed: list[int] = field(default_factory=list)
    _broken: bool = False

    def take(self, line: Line) -> None:
        """Take the next line of the file.

        Raises:
            ConfigError: if the file has no such columns.
        """
        number, text, fault, ended = line
        if not ended:
            self.unended = number
        # Most lines of a corpus stand in it many times: each distinct one is judged once.
        token = self._tokens.get(text)
        if token is None:
            if fault is None and (not text or text.isspace()):
                self.end_sentence(number)
                return
            if fault is None and self._is_mark(text, number):
                return
            try:
                if fault is not None:
                    raise fault
                token = self._token(text, number)
                if len(self._tokens) < _KEPT:
                    self._tokens[text] = token
            except DataError as error:
                # The line keeps its place, so that the lines after it are counted right.
                self.faults.append(error)
                self._broken, token = True, ("", OUTSIDE, False)
        self._words.append(token[0])
        self._tags.append(token[1])
        self.stripped += token[2]

    def end_sentence(self, number: int) -> None:
        """Close the sentence whose last word stands before the line `number`."""
        if not self._words:
            return
        line = number - len(self._words) - len(self._passed)
        words, tags, passed = tuple(self._words), tuple(self._tags), tuple(self._passed)
        self.found.append(Row(words, tags, line, self._document, passed, self._broken))
        self._words.clear()
        self._tags.clear()
        self._passed.clear()
        self._broken = False

    def _is_mark(self, line: str, number: int) -> bool:
        """Say whether a line begins a document or is a comment, and act on it."""
        starts, comment = self.columns.document, self.columns.comment
        if starts is not None and line.startswith(starts):
            self._start_document(line.removeprefix(starts).strip(), number)
        elif border := _DOCUMENT.match(line):
            self._start_document(border["id"], number)
        elif comment is None or not line.startswith(comment):
            return False
        elif self._words:
            self._passed.append(number)
        return True

    def _start_document(self, identifier: str | None, number: int) -> None:
        self.end_sentence(number)
        self._documents += 1
        self._document = identifier or str(self._documents)

    def _token(self, line: str, number: int) -> tuple[str, str, bool]:
        """Return the word and the tag of a line, and whether the word had blanks around it."""
        layout = self._layout or self._set_layout(line, number)
        parts = layout.cut(line)
        if len(parts) != layout.columns:
            found = f"{_columns(len(parts))} parted by {layout.separator}: {line!r}"
            if number == self.unended:
                found += ", and the file ends within this line"
            raise self._error(number, found, f"expected {layout.columns}, as on line {layout.line}")
        if layout.cut is _by_spaces and "\t" in line:
            legal = f"expected columns parted by spaces, as on line {layout.line}"
            raise self._error(number, f"a tab: {line!r}", legal)
        written = parts[layout.word]
        word = written.strip()
        if not word:
            found = f"the word is {written!r}"
            raise self._error(number, found, "expected a word that is not blank")
        tag = OUTSIDE if layout.tag is None else parts[layout.tag]
        if tag != OUTSIDE:
            tag = self.columns.read_tag(tag, number)
        return word, tag, word != written

    def _set_layout(self, line: str, number: int) -> _Layout:
        tabs = "\t" in line
        cut, separator = (_by_tabs, "tabs") if tabs else (_by_spaces, "spaces")
        columns = len(cut(line))
        word, tag = self.columns.word, self.columns.tag
        if columns == 1 and self.columns.bare:
            self._layout = _Layout(number, separator, cut, columns, 0, None)
            return self._layout
        for name, column in (("word_column", word), ("tag_column", tag)):
            if not -columns <= column < columns:
                raise ConfigError(
                    f"{self.columns.key}{name}",
                    f"is {column}, but {self.place}:{number} has {_columns(columns)}",
                    f"expected a number from {-columns} to {columns - 1}",
                )
        if word % columns == tag % columns:
            raise self._error(
                number,
                f"{_columns(columns)}: {line!r}, so word_column {word} and tag_column {tag} "
                "are the same",
                "expected a column of words and one of tags, parted by a tab or by spaces",
            )
        self._layout = _Layout(number, separator, cut, columns, word, tag)
        return self._layout

    def _error(self, number: int, found: str, legal: str) -> DataError:
        return DataError(self.place, number, found, legal)


def _by_tabs(line: str) -> list[str]:
    return line.split("\t")


def _by_spaces(line: str) -> list[str]:
    return _SPACES.split(line.strip(" "))


def _columns(count: int) -> str:
    return "1 column" if count == 1 else f"{count} columns"
