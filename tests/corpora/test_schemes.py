"""Tag schemes: each read as IOB2, told from each other, and refused where illegal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioner.corpora.schemes import SCHEMES, contradictions, fitting, to_iob2
from bioner.corpora.sentence import Mention
from bioner.corpora.tags import spans, to_tags


def written(mentions: list[Mention], length: int, scheme: str) -> list[str]:
    """The tags of a sentence under a scheme, written without the code under test."""
    tags = ["O"] * length
    for number, mention in enumerate(mentions):
        one = mention.end - mention.start == 1
        before = mentions[number - 1] if number else None
        touches = before is not None and (before.end, before.type) == (mention.start, mention.type)
        for place in range(mention.start, mention.end):
            first, last = place == mention.start, place == mention.end - 1
            letter = {
                "IOB2": "B" if first else "I",
                "IOB1": "B" if first and touches else "I",
                "IO": "I",
                "IOBES": "S" if one else "B" if first else "E" if last else "I",
                "BILOU": "U" if one else "B" if first else "L" if last else "I",
            }[scheme]
            tags[place] = f"{letter}-{mention.type}"
    return tags


@st.composite
def sentences(draw: st.DrawFn) -> tuple[list[Mention], int]:
    """Mentions without overlap, many of them touching, and the length of their sentence."""
    mentions, place = [], 0
    for gap, length, name in draw(
        st.lists(st.tuples(st.integers(0, 1), st.integers(1, 3), st.sampled_from("XY")), max_size=5)
    ):
        mentions.append(Mention(place + gap, place + gap + length, name))
        place += gap + length
    return mentions, place + draw(st.integers(0, 1))


@given(sentences(), st.sampled_from(SCHEMES))
def test_what_a_scheme_writes_is_read_back(
    sentence: tuple[list[Mention], int], scheme: str
) -> None:
    mentions, length = sentence
    tags = written(mentions, length, scheme)
    assert contradictions(tags, scheme) == []
    assert scheme in fitting([tags])
    touching = any(a.end == b.start and a.type == b.type for a, b in zip(mentions, mentions[1:]))  # noqa: B905, RUF007
    if scheme != "IO" or not touching:
        assert spans(to_iob2(tags, scheme)) == mentions


@given(st.lists(st.sampled_from(["O", *(f"{p}-{t}" for p in "BIESLU" for t in "XY")]), max_size=5))
def test_what_is_legal_is_legal_iob2_and_written_back(tags: list[str]) -> None:
    """Every scheme that fits gives legal IOB2, and rewriting the mentions gives the same tags."""
    read = {scheme: to_iob2(tags, scheme) for scheme in fitting([tags])}
    for scheme, iob2 in read.items():
        mentions = spans(iob2)
        assert to_tags(mentions, len(tags)) == iob2
        assert written(mentions, len(tags), scheme) == tags
    # Detection may take any scheme that fits.
    assert len(set(read.values())) <= 1


@pytest.mark.parametrize(
    ("tags", "scheme", "places"),
    [
        ("O I-X I-X", "IOB2", [1]),
        ("B-X I-Y S-X", "IOB2", [1, 2]),
        ("B-X I-X O B-X", "IOB1", [0, 3]),
        ("I-X B-X I-Y B-X", "IOB1", [3]),
        ("I-X B-X", "IO", [1]),
        ("B-X O", "IOBES", [0]),
        ("B-X I-X", "IOBES", [1]),
        ("I-X E-X S-X E-X", "IOBES", [0, 3]),
        ("B-X E-Y", "IOBES", [0, 1]),
        ("B-X B-X E-X", "IOBES", [0]),
        ("B-X L-X U-X", "IOBES", [1, 2]),
        ("B-X L-X U-X", "BILOU", []),
        ("B-X E-X", "BILOU", [1]),
    ],
)
def test_contradictions(tags: str, scheme: str, places: list[int]) -> None:
    assert contradictions(tags.split(), scheme) == places
