"""How well one ranking of sources agrees with the gains that they gave. No torch."""

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata, weightedtau

Floats = NDArray[np.float64]

# Orders that a tie is broken in, where a score needs one order.
_TIE_BREAKS = 100


def spearman(scores: Floats, gains: Floats) -> float:
    """Return Spearman's rank correlation; 0 where one side ranks nothing (all values equal).

    Args:
        scores: of the sources, larger for those that should help more, [sources].
        gains: that they gave, [sources].
    """
    if np.ptp(scores) == 0 or np.ptp(gains) == 0:
        return 0.0
    return float(np.corrcoef(rankdata(scores), rankdata(gains))[0, 1])


def weighted_kendall(scores: Floats, gains: Floats) -> float:
    """Return Kendall's tau with hyperbolic weights: an error at the top costs more.

    Vigna 2015, "A weighted correlation index for rankings with ties" (arXiv 1404.3325), as scipy
    computes it; 0 where one side ranks nothing. Arguments as in `spearman`.
    """
    if np.ptp(scores) == 0 or np.ptp(gains) == 0:
        return 0.0
    return float(weightedtau(scores, gains).statistic)


def ndcg(scores: Floats, gains: Floats) -> float:
    """Return the normalised discounted cumulative gain (Järvelin & Kekäläinen 2002) over all ranks.

    The graded relevance of a source is its gain less the smallest gain of the target's sources,
    in F1; the discount of rank r is 1 / log2(1 + r). Ties in the scores share their discounts;
    1 where all gains are equal. Arguments as in `spearman`.
    """
    relevance = gains - gains.min()
    discount = 1 / np.log2(2 + np.arange(len(gains)))
    best = float(np.sort(relevance)[::-1] @ discount)
    if best == 0:
        return 1.0
    # Tied sources take the mean discount of the ranks that they fill together.
    _, place, tied = np.unique(-scores, return_inverse=True, return_counts=True)
    summed = np.add.reduceat(discount, np.cumsum(tied) - tied)
    shared = (summed / tied)[place]
    return float(relevance @ shared) / best


def regret(scores: Floats, gains: Floats, k: int) -> float:
    """Return how much gain is missed by trying only the first k sources, in F1; 0 is best.

    Ties in the scores are broken at random, the mean over such orders is given. Arguments as in
    `spearman`.
    """
    top = [gains[order[:k]].max() for order in _orders(scores)]
    return float(gains.max() - np.mean(top))


def rank_of_best(scores: Floats, gains: Floats) -> float:
    """Return the rank that the truly best source got, 1 for the first; ties share their mean rank.

    Of several best sources the one that was ranked highest counts. Arguments as in `spearman`.
    """
    return float(rankdata(-scores)[gains == gains.max()].min())


METRICS: dict[str, Callable[[Floats, Floats], float]] = {
    "spearman": spearman,
    "weighted_kendall": weighted_kendall,
    "ndcg": ndcg,
    "regret@1": partial(regret, k=1),
    "regret@3": partial(regret, k=3),
    "rank_of_best": rank_of_best,
}
"""Every metric by its name; of the last three a smaller value is better."""


def _orders(scores: Floats) -> list[NDArray[np.intp]]:
    """Return the order that the scores give, or several where there are ties."""
    if len(np.unique(scores)) == len(scores):
        return [np.argsort(-scores)]
    random = np.random.default_rng(0)
    return [np.lexsort((random.random(len(scores)), -scores)) for _ in range(_TIE_BREAKS)]
