"""The tag schemes of column files, each read as IOB2.

A tag is O, or a letter, a hyphen and a type. A mention is a run of tags of one type:

- IOB2: B I I; every mention opens with B.
- IOB1: I I I; B opens a mention only right after another one of the same type.
- IO: I I I; two mentions of one type that touch are one.
- IOBES: B I E, a mention of one word is S.
- BILOU: the same with L for E and U for S.

IOB1 and IOB2: Tjong Kim Sang and Veenstra 1999, aclanthology.org/E99-1023; BILOU: Ratinov and Roth
2009, aclanthology.org/W09-1119.
"""

from collections.abc import Iterable, Sequence

from bioner.corpora.tags import OUTSIDE, violations

LETTERS = {"IOB2": "BI", "IOB1": "BI", "IO": "I", "IOBES": "BIES", "BILOU": "BILU"}
SCHEMES = tuple(LETTERS)

RULES = {
    "IOB2": "every mention opens with B-, and I- goes on with a mention of its type",
    "IOB1": "a mention has I-, and B- only where it follows another one of its type",
    "IO": "a mention has I- alone",
    "IOBES": "a mention of one word is S-, a longer one B- first, I- inside, E- last",
    "BILOU": "a mention of one word is U-, a longer one B- first, I- inside, L- last",
}

_AS_IOBES = str.maketrans("LU", "ES")


def contradictions(tags: Sequence[str], scheme: str) -> list[int]:
    """Return the places of the tags of a sentence that are not legal under a scheme."""
    letters = LETTERS[scheme] + OUTSIDE
    foreign = {place for place, tag in enumerate(tags) if tag[0] not in letters}
    return sorted(foreign.union(misplaced(tags, scheme)))


def misplaced(tags: Sequence[str], scheme: str) -> list[int]:
    """Return the places of the tags that have a letter of the scheme where it is not legal."""
    if scheme == "IOB2":
        return violations(tags)
    if scheme == "IOB1":
        before = (OUTSIDE, *tags)
        pairs = enumerate(zip(tags, before, strict=False))
        return [place for place, (tag, last) in pairs if tag[0] == "B" and tag[2:] != last[2:]]
    return [] if scheme == "IO" else sorted(_unclosed(_iobes(tags)))


def to_iob2(tags: Sequence[str], scheme: str) -> tuple[str, ...]:
    """Return the IOB2 tags of a sentence that is legal under a scheme."""
    if scheme == "IOB2":
        return tuple(tags)
    if scheme in ("IOB1", "IO"):
        before = (OUTSIDE, *tags)
        return tuple(
            f"B-{tag[2:]}" if tag[0] == "I" and tag[2:] != last[2:] else tag
            for tag, last in zip(tags, before, strict=False)
        )
    as_iob2 = {"S": "B", "E": "I"}
    return tuple(as_iob2.get(tag[0], tag[0]) + tag[1:] for tag in _iobes(tags))


def fitting(sentences: Iterable[Sequence[str]]) -> list[str]:
    """Return the schemes under which every sentence is legal.

    Where several are, they give the same mentions: a file without any B is IO and IOB1.
    """
    # Most sentences of a corpus have no mention, and many the same tags.
    distinct = {tuple(tags) for tags in sentences}
    return [s for s in SCHEMES if not any(contradictions(tags, s) for tags in distinct)]


def _iobes(tags: Sequence[str]) -> list[str]:
    return [tag[0].translate(_AS_IOBES) + tag[1:] for tag in tags]


def _unclosed(tags: Sequence[str]) -> set[int]:
    """Return the places of the tags that go on with nothing, or that nothing goes on with."""
    found = set()
    pairs = zip((OUTSIDE, *tags), (*tags, OUTSIDE), strict=True)
    for place, (last, tag) in enumerate(pairs):
        goes_on = tag[0] in "IE"
        is_open = last[0] in "BI"
        if goes_on and not (is_open and last[2:] == tag[2:]):
            found.add(place)
        if is_open and not (goes_on and last[2:] == tag[2:]):
            found.add(place - 1)
    return found
