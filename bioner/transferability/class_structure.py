"""Measures of the source-tuned encoder: do its vectors part the target's labels?

Each takes a `View` of the target's training words; the encoder has read them once for all
measures. Larger is closer; none is symmetric. With fewer words than dimensions they stay defined:
by shrinkage (H-score), by the evidence's own prior (LogME), by the identity in the rate
(TransRate), or in the space of the principal components (GBC).
"""

from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from sklearn.covariance import ledoit_wolf

from bioner.transferability.registry import Family, NotDefinedError, measure
from bioner.transferability.view import View

# TransRate's e for vectors of mean squared length 1, see there.
_DISTORTION = 0.03
_LOGME_STEPS, _LOGME_TOLERANCE = 100, 1e-5
# Share of the mean variance of a class that every class has at least.
_VARIANCE_FLOOR = 1e-3


@measure(
    Family.tuned,
    "evidence of a linear model of the target's labels on the source-tuned vectors",
    pairs_labels=True,
)
def logme(view: View) -> float:
    """Return the maximum log evidence a word, a mean over the target's labels.

    You et al. 2021, "LogME: Practical Assessment of Pre-trained Models for Transfer Learning"
    (arXiv 2102.11005), Eq. 2 and Algorithm 1: Bayesian linear regression on each label as 0 or 1,
    its two precisions found by fixed-point steps. Costs one singular value decomposition.
    """
    features, labels = view.features, view.labels
    left, singular, _ = np.linalg.svd(features, full_matrices=False)
    targets = (labels[:, None] == np.arange(view.classes)).astype(np.float64)
    evidence = [_evidence(left.T @ y, y @ y, singular**2, *features.shape) for y in targets.T]
    return float(np.mean(evidence)) / len(labels)


def _evidence(
    projected: NDArray[np.float64],
    squared: float,
    eigenvalues: NDArray[np.float64],
    words: int,
    dimensions: int,
) -> float:
    """Return the log evidence of one regression at its best precisions.

    Args:
        projected: the targets along the left singular vectors, [rank].
        squared: the targets' squared norm.
        eigenvalues: of the features' Gram matrix, [rank].
        words: the number of targets.
        dimensions: of the features.
    """
    alpha = beta = 1.0
    outside = max(0.0, squared - float(projected @ projected))
    for _ in range(_LOGME_STEPS):
        scaled = beta * eigenvalues / (alpha + beta * eigenvalues)
        weights = float(((scaled * projected) ** 2 / np.maximum(eigenvalues, 1e-12)).sum())
        residual = float((((1 - scaled) * projected) ** 2).sum()) + outside
        free = float(scaled.sum())
        before = alpha / beta
        alpha = free / max(weights, 1e-12)
        beta = (words - free) / max(residual, 1e-12)
        if abs(alpha / beta - before) <= _LOGME_TOLERANCE * before:
            break
    scaled = beta * eigenvalues / (alpha + beta * eigenvalues)
    weights = float(((scaled * projected) ** 2 / np.maximum(eigenvalues, 1e-12)).sum())
    residual = float((((1 - scaled) * projected) ** 2).sum()) + outside
    determinant = float(np.log(alpha + beta * eigenvalues).sum())
    determinant += (dimensions - len(eigenvalues)) * np.log(alpha)
    return 0.5 * (
        dimensions * np.log(alpha)
        + words * np.log(beta)
        - words * np.log(2 * np.pi)
        - beta * residual
        - alpha * weights
        - determinant
    )


@measure(
    Family.tuned,
    "how far the labels' mean vectors lie apart, against the spread of all words",
    pairs_labels=True,
)
def h_score(view: View) -> float:
    """Return the H-score with Ledoit-Wolf shrinkage of the covariance.

    Bao et al. 2019, "An Information-Theoretic Approach to Transferability in Task Transfer
    Learning", Definition 2: tr(cov(f)^-1 cov(E[f | y])); shrunk as by Ibrahim et al. 2021, "Newer
    is not always better" (arXiv 2110.06893): (1 - a) tr(S_a^-1 cov(E[f | y])), S_a the shrunk
    covariance with intensity a. Between 0 and the number of labels less one.
    """
    features, labels = view.features, view.labels
    covariance, shrinkage = ledoit_wolf(features)
    means = np.stack([features[labels == y].mean(axis=0) for y in range(view.classes)])
    between = means[labels] - features.mean(axis=0)
    if not np.trace(covariance) > 0:
        raise NotDefinedError("all vectors are the same")
    of_means = between.T @ between / len(labels)
    try:
        whitened = np.linalg.solve(covariance, of_means)
    except np.linalg.LinAlgError:  # unshrunk and of too few directions, which hold all means
        whitened = np.linalg.pinv(covariance, hermitian=True) @ of_means
    return float((1 - shrinkage) * np.trace(whitened))


@measure(
    Family.tuned,
    "how many bits of the vectors' code the target's labels save",
    pairs_labels=True,
)
def transrate(view: View) -> float:
    """Return the rate of the vectors less their mean rate within a label, in nats.

    Huang et al. 2022, "Frustratingly Easy Transferability Estimation" (arXiv 2106.09362), section
    3: R(Z) - sum over labels of (their share of the words) x R(Z of the label), where R(Z) is
    half the log-determinant of I + Z'Z / (n e). A label weighs as its words do: O is not as rare
    as a mention tag. Vectors are centred and scaled to a mean squared length of 1; e = 0.03. With
    1e-4 the rate is one of hundreds of directions of hardly any variance and rewards the spread
    of vectors: of e from 1e-4 to 1, 0.03 had the lowest regret@1 on the 56 transfers of
    `experiments/lowres`, which thus are no test of it (`experiments/measures`).
    """
    centred = view.features - view.features.mean(axis=0)
    length = float(np.sqrt((centred**2).sum() / len(centred)))
    if length == 0:
        raise NotDefinedError("all vectors are the same")
    scaled, labels = centred / length, view.labels
    parts = [scaled[labels == y] for y in range(view.classes)]
    within = sum(len(part) / len(scaled) * _rate(part) for part in parts)
    return _rate(scaled) - within


def _rate(vectors: NDArray[np.float64]) -> float:
    """Return half the log-determinant of I + Z'Z / (n e), through the smaller Gram matrix."""
    gram = vectors @ vectors.T if len(vectors) < vectors.shape[1] else vectors.T @ vectors
    identity = np.eye(len(gram))
    return float(0.5 * np.linalg.slogdet(identity + gram / (len(vectors) * _DISTORTION))[1])


@measure(
    Family.tuned,
    "how little the target's labels overlap in the space of the source-tuned vectors",
    pairs_labels=True,
)
def gbc(view: View) -> float:
    """Return the Gaussian Bhattacharyya coefficient: less the sum over pairs of labels of exp(-D).

    Pándy et al. 2022, "Transferability Estimation using Bhattacharyya Class Separability" (arXiv
    2111.12780), section 3, with spherical covariance in at most 64 principal components:
    D = |m1 - m2|^2 / (8 s) + d / 2 ln(s / sqrt(s1 s2)), s = (s1 + s2) / 2; d, the number of
    dimensions, belongs to the log-determinants. Both orders of a pair count. At most 0. A label's
    variance is at least 0.001 of the mean one, so that a label of one word has a density.
    """
    vectors, labels = view.reduced, view.labels
    parts = [vectors[labels == y] for y in range(view.classes)]
    means = [part.mean(axis=0) for part in parts]
    variances = np.array([part.var(axis=0).mean() for part in parts])
    shares = np.array([len(part) for part in parts]) / len(vectors)
    floor = _VARIANCE_FLOOR * float(shares @ variances)
    if floor == 0:
        raise NotDefinedError("the vectors of a label are all the same")
    variances = np.maximum(variances, floor)
    overlap = 0.0
    for i, j in combinations(range(view.classes), 2):
        mean = (variances[i] + variances[j]) / 2
        distance = ((means[i] - means[j]) ** 2).sum() / (8 * mean)
        ratio = np.log(mean / np.sqrt(variances[i] * variances[j]))
        overlap += 2 * np.exp(-distance - vectors.shape[1] / 2 * ratio)
    return -float(overlap)
