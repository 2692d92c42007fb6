"""Writer of BioC JSON. What a head marked carries the infons `head` and `score`."""

import json
from collections.abc import Sequence
from typing import Any

from bioner.corpora.document import Annotation, Document, Passage
from bioner.corpora.formats.shared.writing import with_ids

OPENING = '{"source": "bioner", "date": "", "key": "", "infons": {}, "documents": [\n'
BETWEEN = ",\n"
CLOSING = "\n]}\n"


def render(document: Document) -> str:
    """Return the object of a document."""
    inside, outside = placed(document)
    return json.dumps(
        {
            "id": document.id,
            "infons": {},
            "passages": [
                {
                    "offset": passage.offset,
                    "infons": {"type": passage.kind} if passage.kind else {},
                    "text": passage.text,
                    "sentences": [],
                    "annotations": [_plain(annotation) for annotation in marks],
                    "relations": [],
                }
                for passage, marks in zip(document.passages, inside, strict=True)
            ],
            "annotations": [_plain(annotation) for annotation in outside],
            "relations": [],
        }
    )


def placed(document: Document) -> tuple[list[list[Annotation]], list[Annotation]]:
    """Return the annotations that lie in each passage, and those that lie in no single one."""
    inside: list[list[Annotation]] = [[] for _ in document.passages]
    outside: list[Annotation] = []
    for annotation in with_ids(document, ""):
        holder = _holder(annotation, document.passages)
        (outside if holder is None else inside[holder]).append(annotation)
    return inside, outside


def infons(annotation: Annotation) -> dict[str, str]:
    """Return what is known of an annotation besides its place."""
    found = {"type": annotation.type} if annotation.type else {}
    if annotation.score is not None:
        found |= {"head": annotation.source, "score": f"{annotation.score:.4f}"}
    return found


def _holder(annotation: Annotation, passages: Sequence[Passage]) -> int | None:
    for place, passage in enumerate(passages):
        end = passage.offset + len(passage.text)
        spans = annotation.spans
        if spans and all(passage.offset <= span[0] and span[1] <= end for span in spans):
            return place
    return None


def _plain(annotation: Annotation) -> dict[str, Any]:
    return {
        "id": annotation.id,
        "infons": infons(annotation),
        "text": annotation.text,
        "locations": [{"offset": start, "length": end - start} for start, end in annotation.spans],
    }
