"""What several writers need of a document: one text, ids for all annotations, a refusal."""

import re
from collections.abc import Iterator
from dataclasses import replace

from bioner.corpora.document import Annotation, Document
from bioner.errors import DataError

# Between two passages; a larger gap comes of offsets that count something else.
_LARGEST_GAP = 10_000


def refusal(document: Document, found: str, legal: str = "") -> DataError:
    """Return the error for a document that a format can't hold."""
    return DataError(f"document {document.id!r}", None, found, legal)


def whole_text(document: Document) -> str:
    r"""Return the text in which the offsets count: the passages, `\n` where nothing stands.

    Raises:
        DataError: passages that overlap, or lie far apart.
    """
    pieces: list[str] = []
    end = 0
    for passage in document.passages:
        gap = passage.offset - end
        if not 0 <= gap <= _LARGEST_GAP:
            found = f"a passage starts at {passage.offset}, and what is before it ends at {end}"
            legal = f"this format has one text, without gaps of more than {_LARGEST_GAP} characters"
            raise refusal(document, found, legal)
        pieces += ["\n" * gap, passage.text]
        end = passage.offset + len(passage.text)
    return "".join(pieces)


def one_line(text: str) -> str:
    """Return a text with blanks for its line breaks and tabs, which end a line or a column."""
    return re.sub(r"[\t\n\r]", " ", text)


def with_ids(document: Document, prefix: str) -> Iterator[Annotation]:
    """Yield the annotations, those without an id under the next free number after the prefix."""
    taken = {annotation.id for annotation in document.annotations}
    number = 0
    for annotation in document.annotations:
        if not annotation.id:
            while not number or f"{prefix}{number}" in taken:
                number += 1
            taken.add(f"{prefix}{number}")
            annotation = replace(annotation, id=f"{prefix}{number}")
        yield annotation
