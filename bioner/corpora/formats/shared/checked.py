"""What must hold of a document of any format, and where it does not."""

import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from bioner.corpora.document import Annotation, Document, Passage
from bioner.errors import DataError, Report

_BLANK = re.compile(r"\s")
_SHOWN = 60  # characters of a text that a message shows


class MismatchError(DataError):
    """The text of an annotation is not the text at its offsets.

    A report that returns from it has the annotation read as what stands at the offsets.
    """


def is_sound(document: Document, place: Path | str, report: Report) -> bool:
    """Say whether a document can be used, and report what is wrong with it.

    Args:
        document: as it was read.
        place: the file, for the messages.
        report: takes each fault.

    Returns:
        False if there is a fault other than a `MismatchError`.
    """
    sound = True
    end = 0
    for passage in document.passages:
        if passage.offset < end:
            found = f"a passage of document {document.id!r} starts at {passage.offset}"
            legal = f"expected {end} or more, where the passage before it ends"
            report(DataError(place, document.line or None, found, legal))
            return False
        end = passage.offset + len(passage.text)
    for annotation in document.annotations:
        error = _fault(document, annotation, place, annotation.line or document.line or None)
        if error is not None:
            report(error)
            sound = sound and isinstance(error, MismatchError)
    return sound


def named(document_id: str, annotation: Annotation) -> str:
    """Return what a message calls an annotation."""
    own = f" {annotation.id}" if annotation.id else ""
    return f"annotation{own} of document {document_id!r}"


def shown(text: str) -> str:
    """Return a text in quotes, cut where it is long."""
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")


def _fault(
    document: Document, annotation: Annotation, place: Path | str, line: int | None
) -> DataError | None:
    name, spans = named(document.id, annotation), annotation.spans
    for start, end in spans:
        if not 0 <= start < end:
            return DataError(
                place, line, f"{name} is from {start} to {end}", "expected start < end"
            )
    for (_, end), (start, _) in pairwise(spans):
        if start < end:
            found = f"{name} has a fragment from {start}, and one before it ends at {end}"
            return DataError(place, line, found, "expected fragments in order, without overlap")
    pieces = [_at(document.passages, start, end) for start, end in spans]
    for (start, end), piece in zip(spans, pieces, strict=True):
        if piece is None:
            found = f"{name} is from {start} to {end}, which is not inside one passage"
            return DataError(place, line, found, f"the passages are {_extents(document)}")
    at_offsets = " ".join(piece for piece in pieces if piece is not None)
    if not spans or _same(at_offsets, annotation.text):
        return None
    found = f"{name} is {shown(annotation.text)}, but the text at its offsets is "
    legal = _why(document, annotation) or "expected the same text"
    return MismatchError(place, line, found + shown(at_offsets), legal)


def _at(passages: Sequence[Passage], start: int, end: int) -> str | None:
    """Return the text from `start` to `end` where one passage has it whole."""
    for passage in passages:
        if passage.offset <= start and end <= passage.offset + len(passage.text):
            return passage.text[start - passage.offset : end - passage.offset]
    return None


def _same(text: str, other: str) -> bool:
    """Say whether two texts are equal, whatever the kind of their blanks."""
    return text == other or _BLANK.sub(" ", text) == _BLANK.sub(" ", other)


def _extents(document: Document) -> str:
    extents = [f"{p.offset}-{p.offset + len(p.text)}" for p in document.passages]
    return ", ".join([*extents[:5], "…"] if len(extents) > 5 else extents) or "(none)"


def _why(document: Document, annotation: Annotation) -> str:
    """Name the other way of counting under which the offsets are right, if there is one."""
    if len(annotation.spans) != 1 or len(document.passages) != 1 or document.passages[0].offset:
        return ""
    (start, end), text = annotation.spans[0], document.passages[0].text
    for encoding, width, what in (("utf-8", 1, "UTF-8 bytes"), ("utf-16-le", 2, "UTF-16 units")):
        piece = text.encode(encoding, "replace")[start * width : end * width]
        if piece == annotation.text.encode(encoding, "replace"):
            return f"they count {what}; expected offsets that count characters"
    return ""
