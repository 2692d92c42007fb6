"""Writer of brat standoff. What a head marked carries a note with the head and the score."""

from bioner.corpora.document import Document
from bioner.predict.writers.standoff import marks, text_file


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
