"""Measures of the untrained encoder's vectors: is the target's text near the source's?

Each takes the `Tokens` of the source and of the target; the encoder has read each dataset once.
No label is read, except which words are mentions (`mention_cosine`).
"""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from bioner.transferability.language import cosine
from bioner.transferability.registry import Family, Larger, NotDefinedError, measure
from bioner.transferability.word_sample import Tokens


@measure(Family.embeddings, "likeness of the mean word vectors (cosine)", symmetric=True)
def token_cosine(source: Tokens, target: Tokens) -> float:
    """Return the cosine of the mean word vectors. Symmetric, in -1..1, larger is closer.

    Vectors of one encoder share a large mean, so values lie near 1; their order is what counts.
    """
    one, other = (side.vectors[side.at_random].mean(axis=0) for side in (source, target))
    return cosine(one, other)


@measure(Family.embeddings, "likeness of the mean sentence vectors (cosine)", symmetric=True)
def sentence_cosine(source: Tokens, target: Tokens) -> float:
    """Return the cosine of the mean sentence vectors, a sentence being the mean of its words.

    The TextEmb of Vu et al. 2020 (arXiv 2005.00770), section 3. Symmetric, larger is closer.
    """
    return cosine(source.sentence_vectors.mean(axis=0), target.sentence_vectors.mean(axis=0))


@measure(
    Family.embeddings,
    "likeness of the mean vectors of mention words (cosine)",
    symmetric=True,
    pairs_labels=True,
)
def mention_cosine(source: Tokens, target: Tokens) -> float:
    """Return the cosine of the mean vectors of the words in mentions, less the mean of all words.

    The mean over all words of both sides is taken away, so that the value says what mentions have
    in common beyond the text. Symmetric, in -1..1, larger is closer.
    """
    sides = (source, target)
    common = np.mean([side.vectors[side.at_random].mean(axis=0) for side in sides], axis=0)
    one, other = (_mention_mean(side) - common for side in sides)
    return cosine(one, other)


@measure(
    Family.embeddings,
    "how well a classifier tells sentences of source and target apart (0..2)",
    Larger.farther,
    symmetric=True,
)
def proxy_a_distance(source: Tokens, target: Tokens) -> float:
    """Return 2 (1 - 2 e) of a domain classifier with the held-out error e.

    Ben-David et al. 2007, "Analysis of Representations for Domain Adaptation", section 4.1.
    Logistic regression on sentence vectors, equally many of both sides, in two folds. In 0..2
    (an error above one half counts as one half), larger is farther, symmetric.
    """
    vectors, side = _balanced(source.sentence_vectors, target.sentence_vectors)
    classifier = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=200))
    predicted = cross_val_predict(classifier, vectors, side, cv=StratifiedKFold(2))
    return max(0.0, 2 * (1 - 2 * float(np.mean(predicted != side))))


@measure(
    Family.embeddings,
    "distance of the distributions of sentence vectors (MMD)",
    Larger.farther,
    symmetric=True,
)
def mean_discrepancy(source: Tokens, target: Tokens) -> float:
    """Return the squared maximum mean discrepancy with a Gaussian kernel.

    Gretton et al. 2012, "A Kernel Two-Sample Test", Eq. 5 (the biased estimate, never negative);
    the kernel's width is the median distance (their section 8). Sentence vectors, equally many
    of both sides. In 0..2, larger is farther, symmetric.
    """
    vectors, side = _balanced(source.sentence_vectors, target.sentence_vectors)
    squared = cdist(vectors, vectors, "sqeuclidean")
    width = float(np.median(squared[np.triu_indices(len(squared), 1)]))
    if width == 0:
        return 0.0
    kernel = np.exp(-squared / width)
    sign = np.where(side, 1.0, -1.0) / (len(side) / 2)
    return max(0.0, float(sign @ kernel @ sign))


def _mention_mean(tokens: Tokens) -> NDArray[np.float32]:
    inside = tokens.tags > 0
    if not inside.any():
        raise NotDefinedError("no mention in the sampled sentences")
    return tokens.vectors[inside].mean(axis=0)


def _balanced(
    one: NDArray[np.float32], other: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return as many vectors of both sides as the smaller has, and which are of the first."""
    size = min(len(one), len(other))
    if size < 2:
        raise NotDefinedError("fewer than two sentences")
    return np.concatenate([one[:size], other[:size]]), np.repeat([True, False], size)
