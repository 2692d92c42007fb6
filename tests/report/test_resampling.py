"""The statistics against exact enumeration and against scipy."""

from itertools import product

import numpy as np
import pytest
from scipy import stats

from bioner.report.resampling import (
    bootstrap_f1,
    bootstrap_p,
    f1,
    holm,
    interval,
    over_seeds,
    randomisation_p,
)

RNG = np.random.default_rng(7)
GOLD = RNG.integers(0, 4, 8)
PREDICTED = RNG.integers(0, 4, (8, 4))
CORRECT = np.minimum(RNG.integers(0, 4, (8, 4)), np.minimum(PREDICTED, GOLD[:, None]))


def mean_difference(correct: np.ndarray, predicted: np.ndarray) -> float:
    """Runs 0 and 1 are a system's two seeds, 2 and 3 the other's."""
    scores = f1(correct.sum(axis=0), predicted.sum(axis=0), np.array(GOLD.sum()))
    return float(scores[:2].mean() - scores[2:].mean())


def test_f1_counts_nothing_as_0() -> None:
    assert f1(np.array([2, 0]), np.array([4, 0]), np.array([4, 0])).tolist() == [0.5, 0.0]


def test_randomisation_agrees_with_all_swaps() -> None:
    observed = abs(mean_difference(CORRECT, PREDICTED))
    reached = []
    for swaps in product([False, True], repeat=8):
        order = np.where(np.array(swaps)[:, None], [2, 3, 0, 1], [0, 1, 2, 3])
        swapped = (np.take_along_axis(a, order, axis=1) for a in (CORRECT, PREDICTED))
        reached.append(abs(mean_difference(*swapped)) >= observed - 1e-12)
    ours, theirs = ((CORRECT[:, s], PREDICTED[:, s]) for s in (slice(0, 2), slice(2, 4)))
    pairs = [(ours, ours), (ours, theirs)]
    same, p = randomisation_p(pairs, [GOLD.sum()] * 2, 20000, np.random.default_rng(1))
    assert same == 1.0
    assert p == pytest.approx(np.mean(reached), abs=0.012)


def test_randomisation_of_equal_systems_and_of_a_clear_difference() -> None:
    rng = np.random.default_rng(1)
    gold = np.ones(200, dtype=int)
    good, bad = (np.array(rng.random((200, 3)) < skill, dtype=int) for skill in (0.9, 0.5))
    ones = np.ones_like(good)
    pairs = [((good, ones), (good, ones)), ((good, ones), (bad, ones))]
    assert randomisation_p(pairs, [gold.sum()] * 2, 1000, rng) == [1.0, pytest.approx(1 / 1001)]
    assert randomisation_p([], [], 1000, rng) == []


def test_randomisation_keeps_its_level() -> None:
    rng = np.random.default_rng(3)
    gold, found = np.array(60), []
    for _ in range(300):
        one, other = (np.array(rng.random((60, 1)) < 0.7, dtype=int) for _ in range(2))
        (p,) = randomisation_p([((one, one), (other, other))], [gold], 200, rng)
        found.append(p < 0.05)
    assert stats.binomtest(sum(found), 300, 0.05, "greater").pvalue > 0.001


def test_bootstrap_agrees_with_scipy() -> None:
    rng = np.random.default_rng(5)
    gold = rng.integers(0, 4, 120)
    predicted = rng.integers(0, 4, (120, 1))
    correct = np.minimum(gold[:, None], predicted)
    correct[::3] = 0
    ours = interval(bootstrap_f1(correct, predicted, gold, 8000, rng)[0])

    def statistic(c: np.ndarray, p: np.ndarray, g: np.ndarray, axis: int) -> np.ndarray:
        return 2 * c.sum(axis) / (p.sum(axis) + g.sum(axis))

    found = stats.bootstrap(
        (correct[:, 0], predicted[:, 0], gold),
        statistic,
        paired=True,
        n_resamples=8000,
        method="percentile",
        rng=6,
    )
    assert ours == pytest.approx(tuple(found.confidence_interval), abs=0.004)


def test_runs_share_the_drawn_units() -> None:
    twice = np.repeat(CORRECT[:, :1], 2, axis=1), np.repeat(PREDICTED[:, :1], 2, axis=1)
    one, other = bootstrap_f1(*twice, GOLD, 700, np.random.default_rng(1))
    assert (one == other).all() and one.std() > 0


def test_the_mean_of_seeds_is_students() -> None:
    """Without units' variance, the interval is that of the t-test."""
    seeds = np.array([0.70, 0.74, 0.79])
    draws = over_seeds(np.repeat(seeds[:, None], 200_000, axis=1), 1)
    theirs = stats.ttest_1samp(seeds, 0).confidence_interval(0.95)
    assert interval(draws) == pytest.approx((theirs.low, theirs.high), abs=3e-3)
    against = seeds.mean() - 0.08
    assert bootstrap_p(draws - against) == pytest.approx(
        stats.ttest_1samp(seeds, against).pvalue, rel=0.03
    )
    alone = np.array([[0.1, 0.2]])
    assert over_seeds(alone, 1).tolist() == [0.1, 0.2]


def test_what_is_compared_shares_the_errors_of_its_seeds() -> None:
    one, other = (np.random.default_rng(s).random((3, 1)) * np.ones((3, 400)) for s in (1, 2))
    difference = over_seeds(one, 1) - over_seeds(other, 1)
    assert difference == pytest.approx(over_seeds(one - other, 1))


@pytest.mark.parametrize(("between", "units"), [(2.5, 0.6), (2.5, 0.0), (0.6, 0.6), (0.0, 0.6)])
@pytest.mark.parametrize("seeds", [3, 5])
def test_few_seeds_keep_the_level(seeds: int, between: float, units: float) -> None:
    """Where nothing is gained, p < 0.05 is rare, whether seeds or texts make the differences."""
    rng = np.random.default_rng(2)
    found = 0
    for k in range(600):
        gains = rng.normal(0, between, seeds) + rng.normal(0, units)
        draws = gains[:, None] + rng.normal(0, units, 500)
        found += bootstrap_p(over_seeds(draws, k)) < 0.05
    assert stats.binomtest(found, 600, 0.05, "greater").pvalue > 0.001


def test_bootstrap_p() -> None:
    assert bootstrap_p(np.linspace(-1, 1, 1001)) == pytest.approx(1, abs=0.01)
    assert bootstrap_p(np.full(999, 0.1)) == pytest.approx(2 / 1000)


def test_holm_by_hand() -> None:
    found = holm(np.array([0.04, 0.01, np.nan, 0.03]))
    assert found[[0, 1, 3]] == pytest.approx([0.06, 0.03, 0.06])
    assert np.isnan(found[2])
    assert holm(np.array([0.9, 0.8])).tolist() == [1.0, 1.0]
    assert np.isnan(holm(np.full(3, np.nan))).all()


def test_holm_over_a_family_of_which_some_are_not_known() -> None:
    known = np.array([0.04, 0.01, np.nan])
    assert holm(known, 5)[:2] == pytest.approx([0.16, 0.05])
    assert holm(known, 2)[:2] == pytest.approx(holm(known)[:2])
    for others in ([0.001, 0.02, 0.9], [0.04, 0.04, 0.04], [0.9, 0.9, 0.9]):
        whole = holm(np.array([0.04, 0.01, *others]))
        assert (holm(known, 5)[:2] >= whole[:2] - 1e-12).all()  # never too small
