"""Reader of BioNLP shared task standoff: a `.txt` and a `.a1` file a document."""

from collections.abc import Iterator

from bioner.corpora.document import Document
from bioner.corpora.formats.source import Source
from bioner.corpora.formats.standoff import read_folder
from bioner.errors import Report, raise_it


def read_documents(source: Source, report: Report = raise_it) -> Iterator[Document]:
    """Yield the documents of a folder of `.txt` and `.a1` files; an id is a path below it.

    The `.a2` files hold events and what triggers them, no entities, and are not looked at.

    Args:
        source: the folder, or one `.txt` file.
        report: takes each fault. Where it returns, reading goes on without the document.

    Raises:
        DataError: if there is no such folder; by default also for the first fault.
    """
    return read_folder(source, ".a1", report)
