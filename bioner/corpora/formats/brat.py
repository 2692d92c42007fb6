"""Reader of brat standoff: a `.txt` and a `.ann` file a document."""

from collections.abc import Iterator

from bioner.corpora.document import Document
from bioner.corpora.formats.source import Source
from bioner.corpora.formats.standoff import read_folder
from bioner.errors import Report, raise_it


def read_documents(source: Source, report: Report = raise_it) -> Iterator[Document]:
    """Yield the documents of a folder of `.txt` and `.ann` files; an id is a path below it.

    Args:
        source: the folder, or one `.txt` file.
        report: takes each fault. Where it returns, reading goes on without the document.

    Raises:
        DataError: if there is no such folder; by default also for the first fault.
    """
    return read_folder(source, ".ann", report)
