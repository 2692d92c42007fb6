"""How measures are weighed against each other."""

import numpy as np

from bioner.transferability.baselines import combination


def test_closer_is_never_worse() -> None:
    """Of two measures, one that foretells the gains and one that foretells their opposite."""
    told = np.array([-1.5, -0.5, 0.5, 1.5] * 10)
    features = np.stack([told, -told + np.tile([0.3, -0.3], 20)], axis=1)
    weights = combination().fit(features, 0.01 * told).coef_
    assert weights[0] > 0.004 and weights[1] == 0
