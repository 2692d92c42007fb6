"""BioNLP shared task standoff: a `.txt` and a `.a1` file a document.

It has no place for heads and scores.
"""

from collections.abc import Iterator

from bioner.corpora.document import Document
from bioner.corpora.formats.format import FolderWriter, Format, is_folder_with
from bioner.corpora.formats.shared.source import Source
from bioner.corpora.formats.shared.standoff_reader import read_folder
from bioner.corpora.formats.shared.standoff_writer import marks, text_file
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


def render(document: Document) -> dict[str, str]:
    """Return the content of the files of a document, under their endings.

    Raises:
        DataError: a document that standoff can't hold.
    """
    return {".txt": text_file(document), ".a1": "".join(f"{line}\n" for _, line in marks(document))}


BIONLP_ST = Format(
    name="bionlp_st",
    read=read_documents,
    endings=(".a1",),
    writer=FolderWriter(render),
    marks_ending=".a1",
    looks_like=is_folder_with(".txt", ".a1"),
)
