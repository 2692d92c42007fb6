"""Measures of surface overlap: which words and mentions of the target the source has.

Each takes the `TextProfile` of the source and of the target and costs one pass over their words.
All lie in 0..1, larger is closer. Only the oracle reads the target's test split.
"""

from collections.abc import Set

from bioner.transferability.registry import Family, NotDefinedError, measure
from bioner.transferability.text_profile import TextProfile


@measure(Family.surface, "share of the target's words that the source has")
def vocabulary_coverage(source: TextProfile, target: TextProfile) -> float:
    """Return |Vt & Vs| / |Vt| of the distinct words of train. Not symmetric."""
    return _covered(target.words.keys(), source.words.keys())


@measure(Family.surface, "words that source and target share (Dice)", symmetric=True)
def vocabulary_dice(source: TextProfile, target: TextProfile) -> float:
    """Return 2 |Vt & Vs| / (|Vt| + |Vs|) of the distinct words of train (Dice 1945). Symmetric."""
    one, other = source.words.keys(), target.words.keys()
    return 2 * len(one & other) / (len(one) + len(other))


@measure(Family.surface, "share of the target's content words that the source has")
def content_coverage(source: TextProfile, target: TextProfile) -> float:
    """Return `vocabulary_coverage` of the words that have a letter and are no stop words."""
    return _covered(target.content_words, source.content_words)


@measure(
    Family.surface,
    "share of the target's distinct mentions that are mentions in the source",
    pairs_labels=True,
)
def mention_overlap_types(source: TextProfile, target: TextProfile) -> float:
    """Return the share of the target's distinct train mentions that the source's train has.

    Compared by their words, whatever their entity type. Not symmetric. A source with the target's
    text has some by chance even where its labels are random.
    """
    return _covered(target.mentions.keys(), source.mentions.keys())


@measure(
    Family.surface,
    "share of the target's mentions whose words are a mention in the source",
    pairs_labels=True,
)
def mention_overlap_tokens(source: TextProfile, target: TextProfile) -> float:
    """Return `mention_overlap_types` with each train mention of the target as often as it stands.

    Not symmetric.
    """
    shared = sum(n for words, n in target.mentions.items() if words in source.mentions)
    return shared / target.mentions.total()


@measure(
    Family.surface,
    "share of the target's TEST mentions that are mentions in the source (oracle)",
    pairs_labels=True,
    oracle=True,
)
def cooccurrence_oracle(source: TextProfile, target: TextProfile) -> float:
    """Return the share of the target's test mentions whose words are a train mention of the source.

    After the co-occurrence of entities in Akdemir & Shibuya 2020 (arXiv 2011.00425). It reads the
    labels that a model is scored on: a bound for the other measures, never a prediction. Not
    symmetric.
    """
    shared = sum(n for words, n in target.test_mentions.items() if words in source.mentions)
    return shared / target.test_mentions.total()


def _covered(wanted: Set[object], there: Set[object]) -> float:
    if not wanted:
        raise NotDefinedError("the target has none of what is looked for")
    return len(wanted & there) / len(wanted)
