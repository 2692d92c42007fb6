"""Tags and mentions, against seqeval's strict IOB2 and against conlleval's rule."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from seqeval.metrics.sequence_labeling import get_entities
from seqeval.scheme import IOB2, Entities

from bioner.corpora.sentence import Mention
from bioner.corpora.tags import repair, spans, tag_set, to_tags, violations

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
    assert not violations(tags)
    assert spans(tags) == mentions


@given(any_tags)
def test_spans_are_the_strict_entities_of_seqeval(tags: list[str]) -> None:
    (theirs,) = Entities([tags], scheme=IOB2).entities
    assert spans(tags) == [Mention(entity.start, entity.end, entity.tag) for entity in theirs]


@given(any_tags)
def test_repair_gives_legal_tags_with_the_chunks_of_conlleval(tags: list[str]) -> None:
    repaired, count = repair(tags)
    assert not violations(repaired)
    chunks = [Mention(start, last + 1, name) for name, start, last in get_entities(tags)]
    assert spans(repaired) == chunks
    changed = [(old, new) for old, new in zip(tags, repaired, strict=True) if old != new]
    assert len(changed) == count
    assert all(old.replace("I-", "B-", 1) == new for old, new in changed)


@given(any_tags)
def test_violations_are_what_repair_changes(tags: list[str]) -> None:
    repaired, count = repair(tags)
    changed = [i for i, (old, new) in enumerate(zip(tags, repaired, strict=True)) if old != new]
    assert violations(tags) == changed
    assert len(changed) == count


@given(any_tags)
def test_legal_tags_are_those_that_their_mentions_spell(tags: list[str]) -> None:
    spelt = to_tags(spans(tags), len(tags))
    assert (not violations(tags)) == (spelt == tuple(tags))


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
