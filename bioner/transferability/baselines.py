"""What a measure must beat, and what all measures make together. No torch.

Every function takes and returns tables with targets as rows and sources as columns; NaN stands
where a pair has no gain or no score.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.linear_model import Ridge

_PENALTY = 30.0

LANGRANK = (
    "source_size",
    "log_size_ratio",
    "vocabulary_dice",
    "source_type_token_ratio",
    "type_token_distance",
)
"""The measures that are LangRank's features of two datasets (Lin et al. 2019, section 3.1)."""


def random_scores(gains: pd.DataFrame) -> pd.DataFrame:
    """Return the same score for all sources: ties count as the mean over their orders."""
    return gains.where(gains.isna(), 0.0)


def static_ranking(gains: pd.DataFrame) -> pd.DataFrame:
    """Score a source by its mean gain over the other targets, whatever this target is."""
    rows = {
        target: gains.drop(index=target).mean(axis=0).where(gains.loc[target].notna())
        for target in gains.index
    }
    return pd.DataFrame(rows).T.reindex(columns=gains.columns)


def learned_combination(
    closeness: Mapping[tuple[str, str], pd.DataFrame], gains: pd.DataFrame
) -> pd.DataFrame:
    """Score sources by a ridge regression over all measures, leaving the scored target out.

    A measure enters as its standard score among the sources of a target, 0 where it has no value;
    the regression (`combination`) predicts a gain less the target's mean gain from the pairs of the
    other targets alone.

    Args:
        closeness: of each (measure, view), larger for closer.
        gains: the mean over seeds.

    Returns:
        The scores; empty where fewer than three targets have gains.
    """
    features = np.stack([_standard(table, gains) for table in closeness.values()], axis=-1)
    centred = gains.sub(gains.mean(axis=1), axis=0)
    return _leaving_out(combination, features, centred)


def combination() -> Ridge:
    """Return what weighs measures against each other: a ridge regression with weights of one sign.

    A source that a measure calls closer never gets less for that. With some fifty pairs for two
    dozen measures a sign is most of what can be known: without it, weights that cancel each other
    fit the known targets and fail on the next one. With it the penalty matters little
    (experiments/measures).
    """
    return Ridge(_PENALTY, positive=True, fit_intercept=False)


def langrank(
    closeness: Mapping[tuple[str, str], pd.DataFrame], gains: pd.DataFrame
) -> pd.DataFrame:
    """Score sources by boosted trees over LangRank's features, leaving the scored target out.

    After Lin et al. 2019, "Choosing Transfer Languages for Cross-Lingual Learning" (arXiv
    1905.12688): sizes, overlap of words and type-token ratios as they are, trees that learn the
    rank of a source among those of its target. Theirs are LightGBM's with its ranking loss, ours
    scikit-learn's with the squared error of the rank. What they know of languages is left out.

    Args:
        closeness: of each (measure, view); those of `LANGRANK` are used.
        gains: the mean over seeds.

    Returns:
        The scores; empty where a feature lacks, or fewer than three targets have gains.
    """
    tables = [closeness[name, ""] for name in LANGRANK if (name, "") in closeness]
    if len(tables) < len(LANGRANK):
        return gains.where(gains.isna(), np.nan)
    features = np.stack([table.reindex_like(gains).to_numpy() for table in tables], axis=-1)
    ranks = gains.rank(axis=1, pct=True)
    return _leaving_out(
        lambda: GradientBoostingRegressor(random_state=0), np.nan_to_num(features), ranks
    )


def _leaving_out(
    make: Callable[[], Any], features: NDArray[np.float64], wanted: pd.DataFrame
) -> pd.DataFrame:
    """Return what a model says of each target that it was not fitted to.

    Args:
        make: a regressor of scikit-learn.
        features: [targets, sources, features].
        wanted: what it is fitted to, targets as rows and sources as columns.
    """
    known = wanted.notna().to_numpy()
    scores = wanted.where(wanted.isna(), np.nan)
    if len(wanted) < 3:
        return scores
    for row, target in enumerate(wanted.index):
        others = known.copy()
        others[row] = False
        if others.sum() < 2 or not known[row].any():
            continue
        model = make().fit(features[others], wanted.to_numpy()[others])
        scores.loc[target, known[row]] = model.predict(features[row][known[row]])
    return scores


def _standard(table: pd.DataFrame, gains: pd.DataFrame) -> np.ndarray:
    """Return standard scores within each target, [targets, sources]."""
    aligned = table.reindex_like(gains).where(gains.notna())
    spread = aligned.std(axis=1, ddof=0).replace(0.0, np.nan)
    return aligned.sub(aligned.mean(axis=1), axis=0).div(spread, axis=0).fillna(0.0).to_numpy()
