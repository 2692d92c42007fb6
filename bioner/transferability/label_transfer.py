"""Measures of the source-tuned model: does what it predicts tell the target's labels?

Each takes a `View` of the target's training words; NCE and LEEP read the source head's output, one
pass for all of them, and cost O(words x tags). All are mean log-likelihoods in nats, at most 0;
larger is closer; none is symmetric. They depend on how many labels the target has, so they rank
sources of one target, not targets.
"""

import numpy as np
from numpy.typing import NDArray
from sklearn.mixture import GaussianMixture

from bioner.transferability.registry import Family, measure
from bioner.transferability.view import View

# Components of the mixture a class, as the paper advises.
_COMPONENTS_OF_CLASS = 5


@measure(
    Family.tuned,
    "how surely the label that the source's model predicts tells the target's label",
    pairs_labels=True,
)
def nce(view: View) -> float:
    """Return the negative conditional entropy -H(Y | Z) of the target's tags.

    Tran et al. 2019, "Transferability and Hardness of Supervised Classification Tasks" (arXiv
    1908.08142), section 3, with the source labels Z taken as the most probable tags.
    """
    probabilities = view.probabilities
    hard = np.zeros_like(probabilities)
    hard[np.arange(len(hard)), probabilities.argmax(axis=1)] = 1.0
    return _expected_prediction(hard, view.labels)


@measure(
    Family.tuned,
    "how well the source's predicted probabilities tell the target's label",
    pairs_labels=True,
)
def leep(view: View) -> float:
    """Return the log expected empirical prediction of the target's tags.

    Nguyen et al. 2020, "LEEP: A New Measure to Evaluate Transferability of Learned
    Representations" (arXiv 2002.12462), Eq. 2.
    """
    return _expected_prediction(view.probabilities, view.labels)


@measure(
    Family.tuned,
    "how well clusters of the source-tuned vectors tell the target's label",
    pairs_labels=True,
)
def n_leep(view: View) -> float:
    """Return LEEP with the components of a Gaussian mixture in place of the source's tags.

    Li et al. 2021, "Ranking Neural Checkpoints" (arXiv 2011.11200), section 3.3: principal
    components (at most 64 here), a mixture with five components a class and diagonal covariance,
    then LEEP with its logarithm. Costs a mixture fit. The mixture starts from a fixed seed.
    """
    count = max(2, min(_COMPONENTS_OF_CLASS * view.classes, len(view.rows) // 10))
    mixture = GaussianMixture(
        min(count, len(view.rows)),
        covariance_type="diag",
        reg_covar=1e-4,
        max_iter=50,
        tol=1e-2,
        random_state=0,
    )
    return _expected_prediction(mixture.fit(view.reduced).predict_proba(view.reduced), view.labels)


def _expected_prediction(probabilities: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    """Return the mean log of sum_z P(y | z) p(z | x), with P(y | z) from the same words.

    Args:
        probabilities: p(z | x), [words, z].
        labels: y, [words].
    """
    joint = np.stack([probabilities[labels == y].sum(axis=0) for y in range(labels.max() + 1)])
    conditional = joint / np.maximum(joint.sum(axis=0), np.finfo(float).tiny)
    expected = (probabilities @ conditional.T)[np.arange(len(labels)), labels]
    return float(np.mean(np.log(np.maximum(expected, np.finfo(float).tiny))))
