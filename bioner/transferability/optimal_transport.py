"""How far one dataset's labelled mentions must be carried to become the other's."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist
from sklearn.decomposition import PCA

from bioner.transferability.registry import Family, Larger, NotDefinedError, measure
from bioner.transferability.word_sample import Tokens

# Mention words of each side; the cost of the exact transport grows with their third power.
_MOST = 1000
# Components of the vectors: a covariance in more can't be told from so few words.
_COMPONENTS = 64

Vectors = NDArray[np.float64]


@dataclass(frozen=True)
class Gaussian:
    """What the vectors of one entity type's words are taken for.

    Attributes:
        mean: [components].
        root: the square root of their covariance, [components, components].
    """

    mean: Vectors
    root: Vectors

    @classmethod
    def of(cls, vectors: Vectors) -> "Gaussian":
        """Return that of some vectors, [words, components]."""
        away = vectors - vectors.mean(axis=0)
        return cls(vectors.mean(axis=0), _root(away.T @ away / len(vectors)))

    def distance(self, other: "Gaussian") -> float:
        """Return the squared 2-Wasserstein distance, in closed form.

        |m - m'|^2 + tr(S + S' - 2 (S^1/2 S' S^1/2)^1/2); the last trace is the sum of the singular
        values of S^1/2 S'^1/2.
        """
        between = np.linalg.svd(self.root @ other.root, compute_uv=False).sum()
        spread = (self.root**2).sum() + (other.root**2).sum() - 2 * between
        return float(((self.mean - other.mean) ** 2).sum() + max(spread, 0.0))


@measure(
    Family.embeddings,
    "how far the labelled mention words of one must be carried to become the other's (OTDD)",
    Larger.farther,
    symmetric=True,
    pairs_labels=True,
)
def otdd(source: Tokens, target: Tokens) -> float:
    """Return the optimal transport dataset distance of the words in mentions.

    Alvarez-Melis & Fusi 2020, "Geometric Dataset Distances via Optimal Transport" (arXiv
    2002.02923), with p = 2: carrying a word costs the squared distance of the vectors
    and that of the two types, each type being the Gaussian of its words. Types
    are compared by these alone, never by name. Equally many words of both sides, at most a
    thousand, so that the exact transport is an assignment; vectors in their 64 principal
    components. The root of the mean cost: 0 or more, larger is farther, symmetric.
    """
    sides = [_mentions(side) for side in (source, target)]
    pooled = np.concatenate([vectors for vectors, _ in sides])
    reduced = PCA(min(_COMPONENTS, *pooled.shape), random_state=0).fit(pooled)
    one, other = ((reduced.transform(vectors), types) for vectors, types in sides)
    types = _type_distances(one, other)
    size = min(_MOST, len(one[1]), len(other[1]))
    a, b = _spread(len(one[1]), size), _spread(len(other[1]), size)
    cost = cdist(one[0][a], other[0][b], "sqeuclidean") + types[np.ix_(one[1][a], other[1][b])]
    return float(np.sqrt(cost[linear_sum_assignment(cost)].mean()))


def _mentions(tokens: Tokens) -> tuple[Vectors, NDArray[np.int64]]:
    """Return the vectors of the words in mentions, and their types numbered from 0 without gaps."""
    inside = tokens.tags > 0
    if not inside.any():
        raise NotDefinedError("no mention in the sampled sentences")
    types = np.unique(tokens.types[inside], return_inverse=True)[1]
    return tokens.vectors[inside].astype(np.float64), types


def _type_distances(
    one: tuple[Vectors, NDArray[np.int64]], other: tuple[Vectors, NDArray[np.int64]]
) -> Vectors:
    """Return the squared distance of each type of one side to each of the other, [types, types]."""
    mine, theirs = (_gaussians(*side) for side in (one, other))
    return np.array([[a.distance(b) for b in theirs] for a in mine])


def _gaussians(vectors: Vectors, types: NDArray[np.int64]) -> Sequence[Gaussian]:
    return [Gaussian.of(vectors[types == number]) for number in range(types.max() + 1)]


def _root(matrix: Vectors) -> Vectors:
    """Return the square root of a symmetric matrix without negative eigenvalues."""
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.sqrt(values.clip(min=0))) @ vectors.T


def _spread(count: int, size: int) -> NDArray[np.int64]:
    """Return so many places of a row, at equal distances."""
    return np.linspace(0, count - 1, size).round().astype(np.int64)
