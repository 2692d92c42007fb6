"""IOB2 tags and the mentions that they spell.

Under IOB2 every mention opens with B-TYPE and goes on with I-TYPE; all else is O. An I-TYPE goes on
with a mention only where the tag before it is B-TYPE or I-TYPE of the same type.
"""

from collections.abc import Sequence

from bioner.corpora.sentence import Mention

OUTSIDE = "O"


def spans(tags: Sequence[str]) -> list[Mention]:
    """Return the mentions under strict IOB2: only B- opens one.

    An I- that continues nothing is outside, as is any tag that is neither B- nor I-. This is what
    `seqeval` finds with `mode="strict", scheme=IOB2`.
    """
    found: list[Mention] = []
    start, inside = -1, ""
    for place, tag in enumerate(tags):
        if tag == inside:
            continue
        if inside:
            found.append(Mention(start, place, inside[2:]))
        start, inside = (place, f"I-{tag[2:]}") if tag.startswith("B-") else (-1, "")
    if inside:
        found.append(Mention(start, len(tags), inside[2:]))
    return found


def to_tags(mentions: Sequence[Mention], length: int) -> tuple[str, ...]:
    """Return the IOB2 tags of a sentence of `length` words, the inverse of `spans`.

    Raises:
        ValueError: if a mention is empty, reaches out of the sentence or overlaps another.
    """
    tags = [OUTSIDE] * length
    for mention in mentions:
        if not 0 <= mention.start < mention.end <= length:
            raise ValueError(f"{mention} does not lie in a sentence of {length} words")
        if tags[mention.start : mention.end].count(OUTSIDE) != mention.end - mention.start:
            raise ValueError(f"{mention} overlaps another mention")
        tags[mention.start] = f"B-{mention.type}"
        for place in range(mention.start + 1, mention.end):
            tags[place] = f"I-{mention.type}"
    return tuple(tags)


def tag_set(types: Sequence[str]) -> tuple[str, ...]:
    """Return the tags of the types in the order of their ids: O is 0, B of type k 1+2k, I 2+2k."""
    return (OUTSIDE, *(f"{prefix}-{name}" for name in types for prefix in "BI"))


def violations(tags: Sequence[str]) -> list[int]:
    """Return the places of every I- that continues nothing."""
    before = (OUTSIDE, *tags)
    pairs = enumerate(zip(tags, before, strict=False))
    return [place for place, (tag, last) in pairs if tag != last and _opens(tag, last)]


def repair(tags: Sequence[str]) -> tuple[tuple[str, ...], int]:
    """Read an I- that continues nothing as B-, as the CoNLL scorer `conlleval` does.

    Returns:
        The legal tags, and how many were changed.
    """
    before = (OUTSIDE, *tags)
    opens = [_opens(tag, last) for tag, last in zip(tags, before, strict=False)]
    repaired = (f"B-{tag[2:]}" if change else tag for tag, change in zip(tags, opens, strict=True))
    return tuple(repaired), sum(opens)


def _opens(tag: str, before: str) -> bool:
    """Say whether a tag is an I- that does not continue the tag before it."""
    return tag.startswith("I-") and before != tag and before != f"B-{tag[2:]}"
