"""Measures of sizes and of label statistics: they read counts alone, and pair no word with a label.

Each takes the `TextProfile` of the source and of the target and costs one pass over their words.
Randomly moved labels leave most of these counts as they are.
"""

from collections.abc import Mapping
from math import log, log10
from typing import Any

from scipy.spatial.distance import jensenshannon

from bioner.transferability.registry import Family, Larger, measure
from bioner.transferability.text_profile import TextProfile


@measure(Family.sizes, "the source's training sentences (log10)")
def source_size(source: TextProfile, target: TextProfile) -> float:
    """Return log10 of the source's training sentences: the baseline "take the largest".

    Not symmetric; larger is expected to help more.
    """
    return log10(len(source.train))


@measure(Family.sizes, "how much more text the source has than the target (log ratio)")
def log_size_ratio(source: TextProfile, target: TextProfile) -> float:
    """Return ln(source words / target words). The two directions are each other's negative."""
    return log(source.words.total() / target.words.total())


@measure(Family.sizes, "the source's distinct words by its words")
def source_type_token_ratio(source: TextProfile, target: TextProfile) -> float:
    """Return |Vs| / |words of the source|, of train; larger is more varied text. Not symmetric.

    A feature of LangRank (Lin et al. 2019, arXiv 1905.12688, section 3.1).
    """
    return _type_token_ratio(source)


@measure(Family.sizes, "how much the variety of words differs", Larger.farther)
def type_token_distance(source: TextProfile, target: TextProfile) -> float:
    """Return (1 - rs / rt)², rs and rt the `source_type_token_ratio` of both. Not symmetric.

    A feature of LangRank, as the one above.
    """
    return (1 - _type_token_ratio(source) / _type_token_ratio(target)) ** 2


@measure(
    Family.sizes,
    "how much the share of words in mentions differs (log ratio)",
    Larger.farther,
    symmetric=True,
)
def entity_density_gap(source: TextProfile, target: TextProfile) -> float:
    """Return |ln(ds / dt)| of the mentions a word, ds and dt. Symmetric; larger is farther."""
    return abs(log(_density(source)) - log(_density(target)))


@measure(
    Family.sizes, "how much the lengths of mentions differ (0..1)", Larger.farther, symmetric=True
)
def mention_length_divergence(source: TextProfile, target: TextProfile) -> float:
    """Return the Jensen-Shannon divergence of the mentions' lengths in words.

    Symmetric, in bits (0..1); larger is farther. See `divergence`.
    """
    return divergence(source.mention_lengths, target.mention_lengths)


@measure(
    Family.sizes, "how much the shares of the types differ (0..1)", Larger.farther, symmetric=True
)
def label_divergence(source: TextProfile, target: TextProfile) -> float:
    """Return the Jensen-Shannon divergence of the labels of words: entity types by name, and O.

    Symmetric, in bits (0..1); larger is farther. Types are the same where their names are, so
    `Disease` and `disease` differ. See `divergence`.
    """
    return divergence(source.labels, target.labels)


def divergence(one: Mapping[Any, float], other: Mapping[Any, float]) -> float:
    """Return the Jensen-Shannon divergence of two sets of counts, in bits: 0 equal, 1 disjoint.

    Lin 1991, "Divergence measures based on the Shannon entropy", Eq. 4.1 with equal weights.
    """
    keys = sorted({*one, *other}, key=repr)
    counts = [[side.get(key, 0) for key in keys] for side in (one, other)]
    # scipy gives the distance, the square root.
    return float(jensenshannon(*counts, base=2) ** 2)


def _density(profile: TextProfile) -> float:
    return profile.mentions.total() / profile.words.total()


def _type_token_ratio(profile: TextProfile) -> float:
    return len(profile.words) / profile.words.total()
