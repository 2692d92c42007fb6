"""Reader of column files of a dataset: one token a line, an empty line after each sentence."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bioner.config.dataset import DatasetConfig
from bioner.corpora.files import text
from bioner.corpora.formats.columns_labelling import Labelling
from bioner.corpora.formats.columns_rows import Columns, Rows
from bioner.corpora.formats.shared.source import Line, lines_of
from bioner.corpora.reading import Reading
from bioner.corpora.schemes import LETTERS
from bioner.corpora.type_map import TypeMap, type_names
from bioner.errors import DataError, Report, raise_it

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
        DataError: if the file can't be read; by default also for the first faulty line.
        ConfigError: if the file has no such column.
    """
    tags = _Tags(path, config, name)
    columns = Columns(
        config.word_column,
        config.tag_column,
        tags.read,
        document=config.document,
        comment=config.comment,
        key=f"dataset.{name}.",
    )
    rows, number = Rows(path, columns), 0
    for line in _lines(path):
        rows.take(line)
        number = line.number
    rows.end_sentence(number + 1)
    labelling = Labelling(path, config, name)
    reading = labelling.read(rows.found, tags.letters)
    if rows.unended:
        reading.notes.append(f"line {rows.unended}, the last one, has no line end: was it cut off?")
    if rows.stripped:
        reading.notes.append(f"{rows.stripped} words had blanks around them, which are left out")
    # Where the tags go against their scheme only the whole file shows.
    for error in sorted(rows.faults + labelling.faults, key=lambda one: one.line or 0):
        report(error)
    if not rows.found:
        report(DataError(path, None, "has no sentence", "expected one token a line: word and tag"))
    return reading


def _lines(path: Path) -> Iterator[Line]:
    """Yield the lines of a file: cut at once where all of it is text, which is faster."""
    try:
        whole = text(path)
    except DataError as error:
        if error.line is None:  # of no line: the file is empty, compressed or can't be read
            raise
        yield from lines_of(path)
        return
    # Not splitlines(): a word may hold U+2028, U+0085 or another of the line ends of Unicode.
    *lines, last = whole.split("\n")
    for number, line in enumerate(lines, 1):
        yield Line(number, line)
    if last:
        yield Line(len(lines) + 1, last, ended=False)


@dataclass(slots=True)
class _Tags:
    """Reads the tags of one file.

    Attributes:
        letters: all that stand before a type.
    """

    path: Path
    config: DatasetConfig
    name: str
    letters: set[str] = field(default_factory=set)
    types: TypeMap = field(init=False)

    def __post_init__(self) -> None:
        self.types = TypeMap(self.config.types, f"dataset.{self.name}.types")

    def read(self, tag: str, number: int) -> str:
        """Return a tag with its letter and its type, whatever the scheme."""
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

    def error(self, number: int, found: str, legal: str) -> DataError:
        return DataError(self.path, number, found, legal)


def _legal(scheme: str | None, typed: bool) -> str:
    """Say which tags a file may have."""
    letters = _LETTERS if scheme is None else LETTERS[scheme]
    *most, last = ["O", *(f"{letter}-TYPE" if typed else letter for letter in letters)]
    named = f" ({scheme})" if typed and scheme is not None else ""
    return f"expected {', '.join(most)} or {last}{named}"
