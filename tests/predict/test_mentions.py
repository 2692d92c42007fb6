"""What is made of the mentions of several heads."""

import numpy as np
import pytest

from bioner.config.predict import Merge
from bioner.corpora.document import Annotation, Document, Passage
from bioner.corpora.sentence import Sentence
from bioner.predict.mentions import mentions, merged
from bioner.predict.tagger import Tagged


def mark(start: int, end: int, score: float, head: str, kind: str = "Disease") -> Annotation:
    return Annotation(((start, end),), kind, "", score=score, source=head)


A, B = mark(0, 5, 0.9, "a"), mark(0, 5, 0.7, "b")
LONGER, APART = mark(0, 9, 0.8, "b"), mark(20, 25, 0.5, "b")
OTHER = mark(0, 5, 0.6, "b", "Chemical")


@pytest.mark.parametrize(
    ("how", "found", "expected"),
    [
        (Merge.none, [A, B, APART], [A, B, APART]),
        (Merge.union, [A, B, APART], [mark(0, 5, 0.9, "a+b"), APART]),
        (Merge.union, [A, LONGER, OTHER], [LONGER, A, OTHER]),
        (Merge.highest, [A, B, LONGER, APART], [mark(0, 5, 0.9, "a+b"), APART]),
        (Merge.highest, [A, OTHER], [A, OTHER]),
        (Merge.highest, [mark(0, 5, 0.8, "a"), LONGER], [LONGER]),
        (
            Merge.highest,
            [mark(0, 5, 0.6, "a"), mark(4, 9, 0.7, "a"), mark(8, 12, 0.5, "b")],
            [mark(4, 9, 0.7, "a")],
        ),
        (Merge.highest, [], []),
    ],
)
def test_merging(how: Merge, found: list[Annotation], expected: list[Annotation]) -> None:
    assert merged(found, how) == expected


def test_of_many_overlapping_mentions_the_surest_are_kept() -> None:
    rng = np.random.default_rng(1)
    starts, sizes = rng.integers(0, 300, 200), rng.integers(1, 9, 200)
    found = [
        mark(int(s), int(s + n), float(rng.random()), "a")
        for s, n in zip(starts, sizes, strict=True)
    ]
    kept: list[Annotation] = []
    for one in sorted(merged(found, Merge.union), key=lambda a: -(a.score or 0)):
        ((start, end),) = one.spans
        if all(end <= a.spans[0][0] or a.spans[0][1] <= start for a in kept):
            kept.append(one)
    assert merged(found, Merge.highest) == sorted(kept, key=lambda a: a.spans)


def test_scores_are_means_and_offsets_are_the_documents() -> None:
    document = Document("1", (Passage("One.", 100), Passage("\U0001f9ec breast cancer", 105)), ())
    sentences = [
        Sentence(("One", "."), ("O", "O"), 1, offsets=((100, 103), (103, 104))),
        Sentence(
            ("\U0001f9ec", "breast", "cancer"),
            ("O",) * 3,
            1,
            offsets=((105, 106), (107, 113), (114, 120)),
        ),
    ]
    tagged = Tagged(
        ("O", "B-Disease", "I-Disease"),
        np.array([1, 0, 0, 1, 2]),
        np.array([1.0, 1.0, np.nan, 0.5, 0.75]),
        np.array([0, 2, 5]),
    )
    found = list(mentions(document, sentences, 0, {"head": tagged}))
    assert found == [
        Annotation(((100, 103),), "Disease", "One", score=1.0, source="head"),
        Annotation(((107, 120),), "Disease", "breast cancer", score=0.625, source="head"),
    ]
    assert list(mentions(document, sentences[1:], 1, {"head": tagged})) == found[1:]
