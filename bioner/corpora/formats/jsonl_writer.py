"""Writer of JSON Lines: one document a line, with all that a document holds."""

import json
from typing import Any

from bioner.corpora.document import Annotation, Document


def render(document: Document) -> str:
    """Return the line of a document."""
    value = {
        "id": document.id,
        "passages": [
            {"text": p.text, "offset": p.offset} | ({"kind": p.kind} if p.kind else {})
            for p in document.passages
        ],
        "annotations": [_annotation(a) for a in document.annotations],
    }
    return json.dumps(value, ensure_ascii=False) + "\n"


def _annotation(annotation: Annotation) -> dict[str, Any]:
    if len(annotation.spans) == 1:
        start, end = annotation.spans[0]
        found: dict[str, Any] = {"start": start, "end": end}
    else:
        found = {"spans": [list(span) for span in annotation.spans]}
    found |= {"type": annotation.type, "text": annotation.text}
    if annotation.id:
        found["id"] = annotation.id
    if annotation.score is not None:
        found["score"] = round(annotation.score, 6)
    if annotation.source:
        found["source"] = annotation.source
    return found
