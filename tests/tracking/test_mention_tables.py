"""Mentions set against each other: the sums are those that the strict scores count."""

from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bioner.corpora.sentence import Mention, Sentence
from bioner.corpora.tags import repair, tag_set
from bioner.tracking.mention_tables import (
    MISSED,
    SPURIOUS,
    PredictedSplit,
    confusion,
    marked,
    placed,
)
from bioner.train.scoring import score

TYPES = ("A", "B")
TAGS = tag_set(TYPES)
WORDS = ("The", "BRCA1", "gene", "in", "man")


def ids(rows: Sequence[Sequence[str]]) -> list[np.ndarray]:
    return [np.array([TAGS.index(tag) for tag in row]) for row in rows]


@st.composite
def split(draw: st.DrawFn) -> tuple[list[Sentence], list[tuple[str, ...]]]:
    """Draw sentences with gold tags, and predictions for them."""
    sentences, predicted = [], []
    for _ in range(draw(st.integers(1, 6))):
        length = draw(st.integers(1, 6))
        tags = st.lists(st.sampled_from(TAGS), min_size=length, max_size=length)
        gold, guess = (repair(draw(tags))[0] for _ in range(2))
        sentences.append(Sentence(("w",) * length, gold, 1))
        predicted.append(guess)
    return sentences, predicted


@given(split())
def test_confusion_adds_up_to_the_scores(
    drawn: tuple[list[Sentence], list[tuple[str, ...]]],
) -> None:
    sentences, predicted = drawn
    compared = PredictedSplit(sentences, ids(predicted), TYPES).compared()
    assert [one.number for one in compared] == list(range(1, len(sentences) + 1))
    counts = confusion(compared)
    scores = score(TYPES, sentences, ids([s.tags for s in sentences]), ids(predicted), set())
    for name, of_type in scores.by_type.items():
        assert counts[name, name] == of_type.correct
        assert sum(n for (gold, _), n in counts.items() if gold == name) == of_type.support
        assert sum(n for (_, got), n in counts.items() if got == name) == of_type.predicted
    assert not counts[SPURIOUS, MISSED]


def test_a_wrong_border_is_missed_and_spurious() -> None:
    gold = ("O", "B-A", "I-A", "O", "B-B")
    guess = ("O", "B-A", "O", "O", "B-A")
    compared = PredictedSplit([Sentence(WORDS, gold, 1)], ids([guess]), TYPES).compared()
    assert confusion(compared) == {("A", MISSED): 1, (SPURIOUS, "A"): 1, ("B", "A"): 1}


def test_marked_and_placed() -> None:
    mentions = (Mention(1, 3, "Gene"), Mention(4, 5, "Species"))
    assert marked(WORDS, mentions) == "The [BRCA1 gene](Gene) in [man](Species)"
    assert placed(mentions) == "2-3 Gene, 5-5 Species"
