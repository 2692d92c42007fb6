"""Training words as the source-tuned model sees them, of the target or of both, in three views."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA

from bioner.transferability.registry import NotDefinedError
from bioner.transferability.word_sample import Tokens

# Components of the reduced features; a density in more can't be told from so few words.
_COMPONENTS = 64


class ViewName(StrEnum):
    """Which words are looked at.

    `all`: the words drawn at random, where O is as frequent as in the corpus. `downsampled`: all
    sampled words in mentions, and as many O words, drawn at random. `mentions`: the words in
    mentions alone.
    """

    all = "all"
    downsampled = "downsampled"
    mentions = "mentions"


@dataclass(frozen=True)
class View:
    """Some of a dataset's words, read by the source's encoder and head.

    Attributes:
        tokens: all sampled words.
        rows: which of them are looked at, sorted, int64 [words].
        scored: on which of them probes are scored: whole sentences, or the words in mentions.
        tags: the dataset's tags in the order of their ids.
    """

    tokens: Tokens
    rows: NDArray[np.int64]
    scored: NDArray[np.int64]
    tags: Sequence[str]

    @cached_property
    def features(self) -> NDArray[np.float64]:
        """The words' vectors, [words, hidden]."""
        return self.tokens.vectors[self.rows].astype(np.float64)

    @cached_property
    def labels(self) -> NDArray[np.int64]:
        """The dataset's tags, numbered anew from 0 without gaps, [words]."""
        return np.unique(self.tokens.tags[self.rows], return_inverse=True)[1]

    @property
    def classes(self) -> int:
        """The number of different labels."""
        return int(self.labels.max()) + 1

    @cached_property
    def probabilities(self) -> NDArray[np.float64]:
        """What the source's head gives its own tags, [words, tags of the source]."""
        return self.tokens.probabilities[self.rows].astype(np.float64)

    @cached_property
    def reduced(self) -> NDArray[np.float64]:
        """The features' first principal components, at most 64, [words, components]."""
        size = min(_COMPONENTS, *self.features.shape)
        return PCA(size, svd_solver="full").fit_transform(self.features)


@dataclass(frozen=True)
class TunedPair:
    """The same view of the source's own words and of the target's.

    Attributes:
        source: of the words that the source's stage was trained on.
        target: of the target's words.
    """

    source: View
    target: View


TUNED = (View, TunedPair)
"""What a measure of the source-tuned encoder may read: the target's words, or both sides'."""


def make_view(tokens: Tokens, tags: Sequence[str], name: ViewName, seed: int = 0) -> View:
    """Return a view of sampled words.

    Args:
        tokens: the sample.
        tags: the dataset's tags in the order of their ids.
        name: which words.
        seed: of the draw of O words.

    Raises:
        NotDefinedError: its words carry one label alone, or there is no word.
    """
    inside, random = np.flatnonzero(tokens.tags > 0), np.flatnonzero(tokens.at_random)
    if name == ViewName.all:
        rows, scored = random, random
    elif name == ViewName.mentions:
        rows, scored = inside, inside
    else:
        outside = np.flatnonzero(tokens.tags == 0)
        drawn = np.random.default_rng(seed).permutation(outside)[: len(inside)]
        rows, scored = np.sort(np.concatenate([inside, drawn])), random
    labels = np.unique(tokens.tags[rows])
    if len(labels) < 2:
        found = ", ".join(tags[label] for label in labels) or "none"
        raise NotDefinedError(f"the view's words carry one label alone ({found})")
    return View(tokens, rows, scored, tags)
