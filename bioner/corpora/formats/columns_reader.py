"""Reader of column files: one token a line, an empty line after each sentence."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bioner.config.dataset import DatasetConfig
from bioner.corpora.files import text
from bioner.corpora.formats.columns_labelling import Labelling, Row
from bioner.corpora.reading import Reading
from bioner.corpora.schemes import LETTERS
from bioner.corpora.tags import OUTSIDE
from bioner.corpora.type_map import TypeMap, type_names
from bioner.errors import ConfigError, DataError, Report, raise_it

_DOCUMENT = re.compile(r" *-DOCSTART-(?:\s*\((?P<id>[^()]+)\)|\s|$)")
_SPACES = re.compile(" +")
_LETTERS = ("B", "I", "E", "S", "L", "U")


def read(path: Path, config: DatasetConfig, name: str, report: Report = raise_it) -> Reading:
    r"""Read a column file.

    The columns are parted by tabs or by runs of spaces; the first token line decides which, and how
    many columns the file has. A line that starts with `-DOCSTART-` begins a document, whose name is
    the id in round brackets on that line, else its ordinal; so does a line that starts with
    `config.document`, whose name is the rest of it. A line that starts with `config.comment` is
    passed over. Lines end with `\n` or `\r\n` and with nothing else; a byte order mark is passed
    over.

    Args:
        path: the file.
        config: says which columns hold words and tags, and which tags are legal.
        name: of the dataset, for the keys in the messages.
        report: takes each fault of a line. Where it returns, reading goes on without the sentence
            that the line belongs to.

    Raises:
        DataError: if the file can't be read as text; by default also for the first faulty line.
        ConfigError: if the file has no such column.
    """
    # Not splitlines(): a word may hold U+2028, U+0085 or another of the line ends of Unicode.
    lines = text(path).split("\n")
    rows = _Rows(path, config, name, unended=len(lines) if lines[-1] else None)
    for number, line in enumerate(lines, 1):
        rows.take(line, number)
    rows.end_sentence(len(lines) + 1)
    labelling = Labelling(path, config, name)
    reading = labelling.read(rows.found, rows.letters)
    if rows.unended:
        reading.notes.append(f"line {rows.unended}, the last one, has no line end: was it cut off?")
    # Where the tags go against their scheme only the whole file shows.
    for error in sorted(rows.faults + labelling.faults, key=lambda one: one.line or 0):
        report(error)
    if not rows.found:
        report(DataError(path, None, "has no sentence", "expected one token a line: word and tag"))
    return reading


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
class _Rows:
    """Gathers the sentences of a file, their tags as the file has them."""

    path: Path
    config: DatasetConfig
    name: str
    unended: int | None
    types: TypeMap = field(init=False)
    found: list[Row] = field(default_factory=list)
    letters: set[str] = field(default_factory=set)
    document: str = ""
    documents: int = 0
    layout: _Layout | None = None
    tokens: dict[str, tuple[str, str]] = field(default_factory=dict)
    words: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    passed: list[int] = field(default_factory=list)
    broken: bool = False
    faults: list[DataError] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.types = TypeMap(self.config.types, f"dataset.{self.name}.types")

    def take(self, line: str, number: int) -> None:
        # Most lines of a corpus stand in it many times: each distinct one is judged once.
        token = self.tokens.get(line)
        if token is None:
            if not line or line.isspace():
                return self.end_sentence(number)
            if self.is_mark(line, number):
                return None
            try:
                token = self.tokens[line] = self.token(line, number)
            except DataError as error:
                # The line keeps its place, so that the lines after it are counted right.
                self.faults.append(error)
                self.broken, token = True, ("", OUTSIDE)
        self.words.append(token[0])
        self.tags.append(token[1])
        return None

    def is_mark(self, line: str, number: int) -> bool:
        """Say whether a line begins a document or is a comment, and act on it."""
        starts, comment = self.config.document, self.config.comment
        if starts is not None and line.startswith(starts):
            self.start_document(line.removeprefix(starts).strip(), number)
        elif border := _DOCUMENT.match(line):
            self.start_document(border["id"], number)
        elif comment is None or not line.startswith(comment):
            return False
        elif self.words:
            self.passed.append(number)
        return True

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
        """Return a tag with its letter and its type, whatever the scheme."""
        if tag == OUTSIDE:
            return tag
        letter, hyphen, type_name = tag.partition("-")
        typed = self.config.typed
        known = letter in _LETTERS and (not hyphen or type_name.split() == [type_name])
        legal = _legal(self.config.scheme, typed)
        if known and typed and not hyphen:
            legal += f"; for a file of bare B, I and O set dataset.{self.name}.typed=false"
            raise self.error(number, f"tag {tag!r} has no type", legal)
        if known and not typed and hyphen:
            legal += f", or set dataset.{self.name}.typed=true"
            raise self.error(number, f"tag {tag!r} has a type, but typed is false", legal)
        if not known:
            raise self.error(number, f"unknown tag {tag!r}", legal)
        self.letters.add(letter)
        if not typed:
            return f"{letter}-{type_names(self.config.types)[0]}"
        if fault := self.types.fault(type_name):
            raise self.error(number, *fault)
        return tag

    def end_sentence(self, number: int) -> None:
        """Close the sentence whose last word stands before the line `number`."""
        if not self.words:
            return
        line = number - len(self.words) - len(self.passed)
        words, tags, passed = tuple(self.words), tuple(self.tags), tuple(self.passed)
        self.found.append(Row(words, tags, line, self.document, passed, self.broken))
        self.words.clear()
        self.tags.clear()
        self.passed.clear()
        self.broken = False

    def error(self, number: int, found: str, legal: str) -> DataError:
        return DataError(self.path, number, found, legal)


def _legal(scheme: str | None, typed: bool) -> str:
    """Say which tags a file may have."""
    letters = _LETTERS if scheme is None else LETTERS[scheme]
    *most, last = ["O", *(f"{letter}-TYPE" if typed else letter for letter in letters)]
    named = f" ({scheme})" if typed and scheme is not None else ""
    return f"expected {', '.join(most)} or {last}{named}"


def _by_tabs(line: str) -> list[str]:
    return line.split("\t")


def _by_spaces(line: str) -> list[str]:
    return _SPACES.split(line.strip(" "))


def _columns(count: int) -> str:
    return "1 column" if count == 1 else f"{count} columns"
