"""What a split holds: sentences, words, mentions, their lengths, the most frequent ones."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from bioner.corpora.sentence import Sentence
from bioner.corpora.tags import spans

# The width of a bar of the histogram of sentence lengths, in words, and where the open one begins.
BAR_WORDS, OPEN_BAR = 10, 100


@dataclass(frozen=True)
class Frequent:
    """A mention and how often it stands in a split."""

    text: str
    type: str
    count: int


@dataclass(frozen=True)
class SplitCounts:
    """The counts of one split.

    Attributes:
        sentences: in the split.
        words: in them.
        mentions: of each type.
        without_mention: sentences that have none.
        longest_sentence: in words.
        mention_lengths: how many mentions have so many words.
        sentence_lengths: how many sentences have so many words, by the first number of a bar of
            `BAR_WORDS`; the bar `OPEN_BAR` takes all longer ones.
        frequent: the most frequent mentions, words joined by a blank, case kept.
    """

    sentences: int
    words: int
    mentions: dict[str, int]
    without_mention: int
    longest_sentence: int
    mention_lengths: dict[int, int]
    sentence_lengths: dict[int, int]
    frequent: list[Frequent]


def count(sentences: Sequence[Sentence], types: Sequence[str], shown: int = 10) -> SplitCounts:
    """Count what a split holds.

    Args:
        sentences: of the split.
        types: the entity types; one that the split never has is counted as 0.
        shown: how many of the most frequent mentions are listed.
    """
    surfaces: Counter[tuple[str, str]] = Counter()
    mention_lengths: Counter[int] = Counter()
    lengths = [len(sentence.words) for sentence in sentences]
    empty = 0
    for sentence in sentences:
        mentions = spans(sentence.tags)
        empty += not mentions
        for mention in mentions:
            mention_lengths[mention.end - mention.start] += 1
            text = " ".join(sentence.words[mention.start : mention.end])
            surfaces[text, mention.type] += 1
    by_type = dict.fromkeys(types, 0)
    for (_, type_name), n in surfaces.items():
        by_type[type_name] = by_type.get(type_name, 0) + n
    # Ties in the order of the alphabet, so that the list does not depend on the file's order.
    ranked = sorted(surfaces.items(), key=lambda item: (-item[1], item[0]))
    bars = Counter(min(length // BAR_WORDS * BAR_WORDS, OPEN_BAR) for length in lengths)
    return SplitCounts(
        sentences=len(sentences),
        words=sum(lengths),
        mentions=by_type,
        without_mention=empty,
        longest_sentence=max(lengths, default=0),
        mention_lengths=dict(sorted(mention_lengths.items())),
        sentence_lengths={bar: bars[bar] for bar in range(0, max(bars, default=-1) + 1, BAR_WORDS)},
        frequent=[Frequent(text, type_name, n) for (text, type_name), n in ranked[:shown]],
    )
