"""From the tags of heads to annotations of a document, and what is made of several heads."""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from bioner.config.predict import Merge
from bioner.corpora.document import JOINT, Annotation, Document
from bioner.corpora.sentence import Sentence
from bioner.corpora.tags import spans
from bioner.predict.tagger import Tagged


def mentions(
    document: Document, sentences: Sequence[Sentence], first: int, tagged: Mapping[str, Tagged]
) -> Iterator[Annotation]:
    """Yield what each head marks, head after head.

    The score is the mean probability of the tags of the mention's words; of a CRF's these are
    marginals.

    Args:
        document: with the text.
        sentences: of the document, with offsets.
        first: the place of the document's first sentence among those that were tagged.
        tagged: what each head made of them.
    """
    starts = [passage.offset for passage in document.passages]
    for head, found in tagged.items():
        for place, sentence in enumerate(sentences, first):
            word = int(found.starts[place])
            if not found.ids[word : found.starts[place + 1]].any():
                continue
            for mention in spans(found.tags(place)):
                start = sentence.offsets[mention.start][0]
                end = sentence.offsets[mention.end - 1][1]
                passage = document.passages[bisect_right(starts, start) - 1]
                sure = found.probabilities[word + mention.start : word + mention.end]
                yield Annotation(
                    ((start, end),),
                    mention.type,
                    passage.text[start - passage.offset : end - passage.offset],
                    score=min(1.0, float(np.mean(sure))),
                    source=head,
                )


def merged(found: Sequence[Annotation], how: Merge) -> list[Annotation]:
    """Return the annotations of several heads as one list, in the order of the text.

    Args:
        found: of one span each, with score and source; those of the first head come first.
        how: see `Merge`.
    """
    rules: dict[Merge, Callable[[Sequence[Annotation]], list[Annotation]]] = {
        Merge.none: list,
        Merge.union: _union,
        Merge.highest: _highest,
    }
    return sorted(rules[how](found), key=lambda a: (a.spans[0][0], -a.spans[0][1]))


def _union(found: Sequence[Annotation]) -> list[Annotation]:
    """Join what is equal in place and type: all the heads, the highest score."""
    joint: dict[tuple[object, str], list[Annotation]] = {}
    for annotation in found:
        joint.setdefault((annotation.spans, annotation.type), []).append(annotation)
    return [
        Annotation(
            same[0].spans,
            same[0].type,
            same[0].text,
            score=max(a.score or 0.0 for a in same),
            source=JOINT.join(a.source for a in same),
        )
        for same in joint.values()
    ]


def _highest(found: Sequence[Annotation]) -> list[Annotation]:
    """Of overlapping mentions of one type keep the surest; of equally sure ones the longest."""
    kept: dict[str, list[Annotation]] = {}  # of each type, none overlapping, by their starts

    def rank(annotation: Annotation) -> tuple[float, int, int]:
        start, end = annotation.spans[0]
        return -(annotation.score or 0.0), start - end, start

    for annotation in sorted(_union(found), key=rank):
        others = kept.setdefault(annotation.type, [])
        place = bisect_right(others, annotation.spans[0][0], key=lambda a: a.spans[0][0])
        beside = others[max(0, place - 1) : place + 1]
        if not any(_overlap(annotation, other) for other in beside):
            others.insert(place, annotation)
    return [annotation for annotations in kept.values() for annotation in annotations]


def _overlap(one: Annotation, other: Annotation) -> bool:
    return one.spans[0][0] < other.spans[0][1] and other.spans[0][0] < one.spans[0][1]
