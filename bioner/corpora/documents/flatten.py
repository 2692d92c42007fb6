"""Overlapping, nested and discontinuous mentions made ones that tags can spell."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bioner.config.dataset import Flatten
from bioner.corpora.document import Annotation


@dataclass(frozen=True)
class Flattened:
    """Annotations of one piece each that do not overlap.

    Attributes:
        kept: in the order of the text.
        dropped: those that overlap one that is kept.
        joined: the discontinuous ones, kept or not.
    """

    kept: list[Annotation]
    dropped: list[Annotation]
    joined: list[Annotation]


def flatten(annotations: Sequence[Annotation], rule: Flatten) -> Flattened:
    """Choose among annotations that overlap.

    A discontinuous annotation counts as everything from its first to its last character: tags can't
    leave out a word in its middle. Then the longest (or shortest) annotation is kept, of equal ones
    the first in the text, then the first in the file; those that overlap it are dropped; and so on
    with the next one. `Flatten.error` chooses as `longest` does: what was dropped or joined is for
    the caller to refuse.

    Args:
        annotations: each with a place in the text.
        rule: which of two that overlap is kept.
    """
    joined = [annotation for annotation in annotations if len(annotation.spans) > 1]
    whole = [replace(a, spans=((a.spans[0][0], a.spans[-1][1]),)) for a in annotations]
    sign = 1 if rule == Flatten.shortest else -1
    ranked = sorted(whole, key=lambda a: (sign * (a.spans[0][1] - a.spans[0][0]), a.spans[0][0]))
    kept: list[Annotation] = []
    starts: list[int] = []
    dropped = []
    for annotation in ranked:
        start, end = annotation.spans[0]
        place = bisect_right(starts, start)
        free = place == 0 or kept[place - 1].spans[0][1] <= start
        if free and (place == len(kept) or end <= starts[place]):
            kept.insert(place, annotation)
            starts.insert(place, start)
        else:
            dropped.append(annotation)
    return Flattened(kept, dropped, joined)
