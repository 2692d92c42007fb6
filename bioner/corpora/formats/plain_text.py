"""Plain text: a file is a document, or each of its lines is one."""

from collections.abc import Iterator
from pathlib import Path

from bioner.corpora.document import Document, Passage
from bioner.corpora.files import BOM, decoded, no_text
from bioner.corpora.formats.format import Format
from bioner.corpora.formats.shared.source import Source, numbered_lines, opened, place_of
from bioner.errors import DataError, Report, raise_it


def read_text(source: Source, report: Report = raise_it) -> Iterator[Document]:
    r"""Yield one document, the whole source, as it stands, `\r` and control characters included.

    A byte order mark is passed over. The document's id is the file's name, without its ending.

    Args:
        source: the file or a binary stream.
        report: takes the fault; where it returns, there is no document.

    Raises:
        DataError: if the source can't be read; by default also if it is not UTF-8.
    """
    place = place_of(source)
    with opened(source) as stream:
        data = stream.read()
    if (fault := no_text(data, place)) is None:
        try:
            content = decoded(data.removeprefix(BOM), place)
        except DataError as error:
            fault = error
        else:
            yield Document(Path(place).stem, (Passage(content, 0),), (), place=place)
    if fault is not None:
        report(fault)


def read_lines(source: Source, report: Report = raise_it) -> Iterator[Document]:
    """Yield a document for each line that is more than blanks; its id is the line's number.

    Raises:
        DataError: if the source can't be read; by default also for a line that is no text.
    """
    place = place_of(source)
    for number, line in numbered_lines(source, report):
        if line and not line.isspace():
            yield Document(str(number), (Passage(line, 0),), (), number, place=place)


TEXT = Format(
    name="text", read=read_text, endings=(".txt",), of_corpora=False, is_one_document=True
)
LINES = Format(name="lines", read=read_lines, endings=(), of_corpora=False)
