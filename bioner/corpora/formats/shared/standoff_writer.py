"""The T lines and the text file that brat and the BioNLP shared tasks share."""

import re
from collections.abc import Iterator
from dataclasses import replace

from bioner.corpora.document import Annotation, Document
from bioner.corpora.formats.shared.writing import one_line, refusal, whole_text, with_ids


def text_file(document: Document) -> str:
    """Return the content of the `.txt` file.

    Raises:
        DataError: passages that make no one text, or a NUL, by which readers know binary files.
    """
    text = whole_text(document)
    if "\0" in text:
        raise refusal(document, "the text holds a NUL", "standoff files are text")
    # A reader takes one byte order mark away.
    return f"\ufeff{text}" if text.startswith("\ufeff") else text


def marks(document: Document) -> Iterator[tuple[Annotation, str]]:
    r"""Yield each annotation, with an id that begins with T, and its line without `\n`.

    Ids that don't begin so, such as those of BioC, are replaced by new ones.

    Raises:
        DataError: an annotation without a place, or a type with blanks.
    """
    own = tuple(
        a if re.fullmatch(r"T\S+", a.id) else replace(a, id="") for a in document.annotations
    )
    for annotation in with_ids(replace(document, annotations=own), "T"):
        if not annotation.spans or not re.fullmatch(r"[^\s\0]+", annotation.type):
            found = f"an annotation of type {annotation.type!r} has {len(annotation.spans)} places"
            raise refusal(document, found, "standoff needs a type without blanks, and a place")
        spans = ";".join(f"{start} {end}" for start, end in annotation.spans)
        text = one_line(annotation.text)
        yield annotation, f"{annotation.id}\t{annotation.type} {spans}\t{text}"
