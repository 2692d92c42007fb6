"""What a measure must beat, and what all measures make together. No torch.

Every function takes and returns tables with targets as rows and sources as columns; NaN stands
where a pair has no gain or no score.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from sklearn.linear_model import RidgeCV

ALPHAS = tuple(10.0**power for power in range(-2, 4))
"""Penalties that the ridge regression chooses from."""


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
    the regression predicts a gain less the target's mean gain from the pairs of the other targets
    alone, and chooses its penalty by leave-one-out among these.

    Args:
        closeness: of each (measure, view), larger for closer.
        gains: the mean over seeds.

    Returns:
        The scores; empty where fewer than three targets have gains.
    """
    features = np.stack([_standard(table, gains) for table in closeness.values()], axis=-1)
    known = gains.notna().to_numpy()
    centred = gains.sub(gains.mean(axis=1), axis=0).to_numpy()
    scores = gains.where(gains.isna(), np.nan)
    if len(gains) < 3:
        return scores
    for row, target in enumerate(gains.index):
        others = known.copy()
        others[row] = False
        if others.sum() < 2 or not known[row].any():
            continue
        model = RidgeCV(ALPHAS).fit(features[others], centred[others])
        scores.loc[target, known[row]] = model.predict(features[row][known[row]])
    return scores


def _standard(table: pd.DataFrame, gains: pd.DataFrame) -> np.ndarray:
    """Return standard scores within each target, [targets, sources]."""
    aligned = table.reindex_like(gains).where(gains.notna())
    spread = aligned.std(axis=1, ddof=0).replace(0.0, np.nan)
    return aligned.sub(aligned.mean(axis=1), axis=0).div(spread, axis=0).fillna(0.0).to_numpy()
