"""brat standoff: a `.txt` and a `.ann` file a document.

What a head marked carries a note with the head and the score.
"""

from collections.abc import Iterator

from bioner.corpora.document import Document
from bioner.corpora.formats.format import FolderWriter, Format, is_folder_with
from bioner.corpora.formats.shared.source import Source
from bioner.corpora.formats.shared.standoff_reader import read_folder
from bioner.corpora.formats.shared.standoff_writer import marks, text_file
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


def render(document: Document) -> dict[str, str]:
    """Return the content of the files of a document, under their endings.

    Raises:
        DataError: a document that standoff can't hold.
    """
    lines = []
    for number, (annotation, line) in enumerate(marks(document), 1):
        lines.append(f"{line}\n")
        if annotation.score is not None:
            note = f"{annotation.source} {annotation.score:.4f}"
            lines.append(f"#{number}\tAnnotatorNotes {annotation.id}\t{note}\n")
    return {".txt": text_file(document), ".ann": "".join(lines)}


BRAT = Format(
    name="brat",
    read=read_documents,
    endings=(".ann",),
    writer=FolderWriter(render),
    marks_ending=".ann",
    looks_like=is_folder_with(".txt", ".ann"),
)
