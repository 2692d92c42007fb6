"""Annotations whose text stands elsewhere than at their offsets: where, and by which rule."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from bioner.corpora.document import Annotation, Passage
from bioner.corpora.documents.offsets import spells, text_at


def nearest_place(passages: Sequence[Passage], text: str, start: int) -> int | None:
    """Return where a text stands that is next to an offset, or None where it stands nowhere."""
    return min(_places(passages, text), key=lambda place: abs(place - start), default=None)


def displaced(marks: Sequence[Annotation], passages: Sequence[Passage]) -> str | None:
    """Return how the offsets of most annotations lie beside their texts, in words.

    One alone may be a slip; of several the same is a rule.

    Args:
        marks: all annotations of a document, of which those in one piece with a text are looked at.
        passages: of the document.

    Returns:
        None where most are right, or no rule is seen.
    """
    looked_at = [one for one in marks if one.told and one.text.strip() and len(one.spans) == 1]
    wrong = [one for one in looked_at if not spells(text_at(passages, one.spans), one.text)]
    most = max(1, len(looked_at) // 2)
    if len(wrong) <= most:
        return None
    longer = ([(start, end + 1)] for one in wrong for start, end in one.spans)
    if sum(map(spells, (text_at(passages, one) for one in longer), _texts(wrong))) > most:
        return "end at the last character of a mention, not behind it"
    shifts = Counter(
        one.spans[0][0] - place for one in wrong for place in _places(passages, one.text)
    )
    for shift, count in shifts.most_common(1):
        if count > most and shift:
            s = "s" if abs(shift) > 1 else ""
            return (
                f"lie {abs(shift)} character{s} {'behind' if shift > 0 else 'before'} the mentions"
            )
    return None


def _texts(marks: Sequence[Annotation]) -> Iterator[str]:
    return (one.text for one in marks)


def _places(passages: Sequence[Passage], text: str) -> Iterator[int]:
    for passage in passages:
        for found in re.finditer(f"(?={re.escape(text)})", passage.text):
            yield passage.offset + found.start()
