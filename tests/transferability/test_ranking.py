"""The scores of a ranking, against numbers computed by hand."""

from itertools import permutations
from math import log2

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioner.transferability.ranking import METRICS, ndcg, rank_of_best, regret, spearman

GAINS = np.array([0.03, -0.01, 0.01, 0.0])


def test_by_hand() -> None:
    scores = np.array([2.0, 4.0, 3.0, 1.0])  # order: -0.01, 0.01, 0.03, 0.0
    # Ranks 2 4 3 1 against 4 1 3 2: squared differences 4 9 0 1.
    assert spearman(scores, GAINS) == pytest.approx(1 - 6 * 14 / (4 * 15))
    ideal = 0.04 / log2(2) + 0.02 / log2(3) + 0.01 / log2(4)
    got = 0 / log2(2) + 0.02 / log2(3) + 0.04 / log2(4) + 0.01 / log2(5)
    assert ndcg(scores, GAINS) == pytest.approx(got / ideal)
    assert regret(scores, GAINS, 1) == pytest.approx(0.04)
    assert regret(scores, GAINS, 2) == pytest.approx(0.02)
    assert regret(scores, GAINS, 3) == 0
    assert rank_of_best(scores, GAINS) == 3


def test_ties_count_as_the_mean_over_their_orders() -> None:
    same = np.zeros(4)
    every = [np.array(order, dtype=float) for order in permutations(range(4))]
    assert ndcg(same, GAINS) == pytest.approx(np.mean([ndcg(s, GAINS) for s in every]))
    assert regret(same, GAINS, 1) == pytest.approx(0.03 - GAINS.mean(), abs=0.004)
    assert rank_of_best(same, GAINS) == 2.5
    assert spearman(same, GAINS) == METRICS["weighted_kendall"](same, GAINS) == 0


def test_weighted_kendall_punishes_an_error_at_the_top_more() -> None:
    gains = np.array([4.0, 3.0, 2.0, 1.0])
    kendall = METRICS["weighted_kendall"]
    assert kendall(np.array([3.0, 4.0, 2.0, 1.0]), gains) < kendall(
        np.array([4.0, 3.0, 1.0, 2.0]), gains
    )


@given(st.lists(st.integers(-50, 50), min_size=2, max_size=8, unique=True), st.randoms())
def test_the_gains_themselves_are_the_best_ranking(values: list[int], random: object) -> None:
    gains = np.array(values) / 100
    other = np.array([random.random() for _ in values])  # type: ignore[attr-defined]
    for name, metric in METRICS.items():
        best, found = metric(gains, gains), metric(other, gains)
        if name.startswith(("regret", "rank")):
            assert best <= found + 1e-12
        else:
            assert best >= found - 1e-12
    assert ndcg(gains, gains) == pytest.approx(1)
    assert regret(gains, gains, 1) == 0


@given(st.lists(st.floats(-1, 1), min_size=2, max_size=8, unique=True))
def test_only_the_order_of_the_scores_counts(values: list[float]) -> None:
    scores = np.array(values)
    gains = np.linspace(-0.02, 0.05, len(scores))
    ranks = np.argsort(np.argsort(scores)).astype(float)
    for metric in METRICS.values():
        assert metric(scores, gains) == pytest.approx(metric(ranks, gains))
