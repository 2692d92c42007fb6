"""Tags and mentions, against seqeval's strict IOB2 and against conlleval's rule."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from seqeval.metrics.sequence_labeling import get_entities
from seqeval.scheme import IOB2, Entities

from bioner.text.sentence import Mention
from bioner.text.tags import first_violation, repair, spans, tag_set, to_tags

TYPES = ("Gene", "Multi-tissue_structure", "Gene_or_gene_product")
any_tags = st.lists(st.sampled_from(tag_set(TYPES)), max_size=14)


@st.composite
def annotated(draw: st.DrawFn) -> tuple[list[Mention], int]:
    """Mentions in order, without overlap, some side by side, and the length of their sentence."""
    mentions, place = [], 0
    for gap, length, name in draw(
        st.lists(
            st.tuples(st.integers(0, 2), st.integers(1, 4), st.sampled_from(TYPES)), max_size=5
        )
    ):
        mentions.append(Mention(place + gap, place + gap + length, name))
        place += gap + length
    return mentions, place + draw(st.integers(0, 2))


@given(annotated())
def test_mentions_survive_the_way_to_tags_and_back(sentence: tuple[list[Mention], int]) -> None:
    mentions, length = sentence
    tags = to_tags(mentions, length)
    assert len(tags) == length
    assert first_violation(tags) is None
    assert spans(tags) == mentions


@given(any_tags)
def test_spans_are_the_strict_entities_of_seqeval(tags: list[str]) -> None:
    (theirs,) = Entities([tags], scheme=IOB2).entities
    assert spans(tags) == [Mention(entity.start, entity.end, entity.tag) for entity in theirs]


@given(any_tags)
def test_repair_gives_legal_tags_with_the_chunks_of_conlleval(tags: list[str]) -> None:
    repaired, count = repair(tags)
    assert first_violation(repaired) is None
    chunks = [Mention(start, last + 1, name) for name, start, last in get_entities(tags)]
    assert spans(repaired) == chunks
    changed = [(old, new) for old, new in zip(tags, repaired, strict=True) if old != new]
    assert len(changed) == count
    assert all(old.replace("I-", "B-", 1) == new for old, new in changed)


@given(any_tags)
def test_legal_tags_are_those_that_need_no_repair(tags: list[str]) -> None:
    place = first_violation(tags)
    assert (place is None) == (repair(tags) == (tuple(tags), 0))
    if place is not None:
        assert first_violation(tags[:place]) is None
        assert first_violation(tags[: place + 1]) == place


@given(any_tags)
def test_legal_tags_are_those_that_their_mentions_spell(tags: list[str]) -> None:
    spelt = to_tags(spans(tags), len(tags))
    assert (first_violation(tags) is None) == (spelt == tuple(tags))


def test_tag_ids() -> None:
    assert tag_set(["Disease", "Gene"]) == ("O", "B-Disease", "I-Disease", "B-Gene", "I-Gene")
    assert tag_set([]) == ("O",)


@pytest.mark.parametrize(
    ("mentions", "found"),
    [
        ([Mention(1, 1, "X")], "does not lie"),
        ([Mention(-1, 1, "X")], "does not lie"),
        ([Mention(2, 4, "X")], "does not lie"),
        ([Mention(0, 2, "X"), Mention(1, 3, "X")], "overlaps"),
    ],
)
def test_tags_of_impossible_mentions(mentions: list[Mention], found: str) -> None:
    with pytest.raises(ValueError, match=found):
        to_tags(mentions, 3)
