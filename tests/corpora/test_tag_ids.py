"""Ids spell the same mentions as the tags that they stand for."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bioner.corpora.tag_ids import mentions_of
from bioner.corpora.tags import spans, tag_set

TYPES = ("A", "B")
TAGS = tag_set(TYPES)


@given(st.lists(st.lists(st.integers(0, len(TAGS) - 1), max_size=7), max_size=6))
def test_as_the_tags_do(sentences: list[list[int]]) -> None:
    """Also where they are no legal IOB2, and where a sentence has no word."""
    ids = np.array([tag for tags in sentences for tag in tags], dtype=np.int64)
    lengths = np.array([len(tags) for tags in sentences], dtype=np.int64)
    found = mentions_of(ids, lengths)
    expected = [tuple(spans([TAGS[tag] for tag in tags])) for tags in sentences]
    assert found.by_sentence(len(sentences), TYPES) == expected
    assert len(found.keys()) == sum(map(len, expected))
