"""Readers of plain text: a file is a document, or each of its lines is one."""

from collections.abc import Iterator
from pathlib import Path

from bioner.errors import DataError, Report, raise_it
from bioner.text.document import Document, Passage
from bioner.text.formats.source import Source, numbered_lines, opened, place_of


def read_text(source: Source, report: Report = raise_it) -> Iterator[Document]:
    r"""Yield one document, the whole source, as it stands, `\r` and control characters included.

    Its id is the name of the file without its ending. A byte order mark is passed over.

    Raises:
        DataError: if the source can't be read; by default also if it is not UTF-8.
    """
    place = place_of(source)
    with opened(source) as stream:
        data = stream.read()
    try:
        yield Document(Path(place).stem, (Passage(data.decode("utf-8-sig"), 0),), ())
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        found = f"byte 0x{data[error.start]:02x} is not UTF-8"
        report(DataError(place, line, found, "expected UTF-8"))


def read_lines(source: Source, report: Report = raise_it) -> Iterator[Document]:
    """Yield a document for each line that is more than blanks; its id is the line's number.

    Raises:
        DataError: if the source can't be read as text.
    """
    for number, line in numbered_lines(source):
        if line and not line.isspace():
            yield Document(str(number), (Passage(line, 0),), (), number)
