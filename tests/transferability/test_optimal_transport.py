"""The optimal transport dataset distance, against all permutations and by hand."""

from itertools import permutations

import numpy as np
import pytest
from scipy.linalg import sqrtm

from bioner.transferability.optimal_transport import Gaussian, otdd
from bioner.transferability.registry import NotDefinedError
from tests.transferability.test_word_sample import tokens_of

RNG = np.random.default_rng(0)


def test_gaussians_by_the_formula_of_the_paper() -> None:
    one, other = RNG.normal(size=(40, 3)), 2 * RNG.normal(size=(30, 3)) + 1
    means = [vectors.mean(axis=0) for vectors in (one, other)]
    a, b = (np.cov(vectors.T, bias=True) for vectors in (one, other))
    root = np.real(sqrtm(a))
    expected = np.sum((means[0] - means[1]) ** 2) + np.trace(a + b - 2 * sqrtm(root @ b @ root))
    found = Gaussian.of(one).distance(Gaussian.of(other))
    assert found == pytest.approx(np.real(expected))
    assert Gaussian.of(one).distance(Gaussian.of(one)) == pytest.approx(0, abs=1e-9)


def test_the_transport_is_the_best_of_all_permutations() -> None:
    tags = [1, 1, 2, 3, 3]  # types 1, 1, 1, 2, 2
    a, b = RNG.normal(size=(5, 3)), RNG.normal(size=(5, 3)) + 1
    groups = [0, 0, 0, 1, 1]
    mine, theirs = (
        [Gaussian.of(x[[k == g for k in groups]]) for g in (0, 1)]
        for x in (a.astype(np.float32).astype(float), b.astype(np.float32).astype(float))
    )

    def cost(order: tuple[int, ...]) -> float:
        return sum(
            float(((a[i] - b[j]) ** 2).sum()) + mine[groups[i]].distance(theirs[groups[j]])
            for i, j in enumerate(order)
        )

    best = min(map(cost, permutations(range(5)))) / 5
    assert otdd(tokens_of(a, tags), tokens_of(b, tags)) == pytest.approx(np.sqrt(best), rel=1e-5)


def test_words_without_a_mention_have_no_part_in_it() -> None:
    vectors = RNG.normal(size=(8, 4))
    moved = vectors + np.array([0, 0, 0, 3])
    tags = [0, 1, 2, 0, 1, 3, 3, 0]
    there, back = tokens_of(vectors, tags), tokens_of(moved, tags)
    # Each word and its type are carried by 3: sqrt(9 + 9).
    assert otdd(there, back) == pytest.approx(otdd(back, there), rel=1e-12)  # sums in another order
    assert otdd(there, back) == pytest.approx(np.sqrt(18), rel=1e-4)
    assert otdd(there, there) == pytest.approx(0, abs=1e-3)
    with pytest.raises(NotDefinedError, match="no mention"):
        otdd(there, tokens_of(vectors, [0] * 8))
