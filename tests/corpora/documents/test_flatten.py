"""Overlapping, nested and discontinuous mentions made flat."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bioner.config.dataset import Flatten
from bioner.corpora.document import Annotation
from bioner.corpora.documents.flatten import flatten


def mark(*spans: tuple[int, int], name: str = "X") -> Annotation:
    return Annotation(spans, name, "text")


def kept(annotations: list[Annotation], rule: Flatten) -> list[tuple[int, int]]:
    return [one.spans[0] for one in flatten(annotations, rule).kept]


def test_nested() -> None:
    annotations = [mark((0, 10)), mark((0, 3)), mark((4, 10)), mark((12, 14))]
    assert kept(annotations, Flatten.longest) == [(0, 10), (12, 14)]
    assert kept(annotations, Flatten.shortest) == [(0, 3), (4, 10), (12, 14)]


def test_the_first_of_equal_ones_is_kept() -> None:
    found = flatten([mark((0, 3), name="A"), mark((0, 3), name="B")], Flatten.longest)
    assert [one.type for one in found.kept] == ["A"]
    assert [one.type for one in found.dropped] == ["B"]
    assert kept([mark((2, 5)), mark((0, 3))], Flatten.longest) == [(0, 3)]


def test_a_discontinuous_mention_has_all_between_its_ends() -> None:
    annotations = [mark((0, 4), (15, 18)), mark((6, 9))]
    found = flatten(annotations, Flatten.longest)
    assert [one.spans for one in found.kept] == [((0, 18),)]
    assert found.joined == [annotations[0]] and found.dropped == [annotations[1]]
    assert kept(annotations, Flatten.shortest) == [(6, 9)]


spans = st.tuples(st.integers(0, 12), st.integers(1, 6)).map(lambda s: (s[0], s[0] + s[1]))


@given(st.lists(spans.map(mark), max_size=12), st.sampled_from(Flatten))
def test_nothing_overlaps_and_nothing_that_fits_is_dropped(
    annotations: list[Annotation], rule: Flatten
) -> None:
    found = flatten(annotations, rule)
    ranges = [one.spans[0] for one in found.kept]
    assert all(a[1] <= b[0] for a, b in pairwise(ranges))
    assert len(found.kept) + len(found.dropped) == len(annotations)
    for one in found.dropped:
        start, end = one.spans[0]
        assert any(s < end and start < e for s, e in ranges)
