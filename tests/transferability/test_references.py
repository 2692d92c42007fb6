"""Measures of the tuned encoder against slow references that follow the papers letter by letter."""

from collections.abc import Callable
from itertools import product

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm
from sklearn.covariance import ledoit_wolf_shrinkage
from sklearn.mixture import GaussianMixture

from bioner.transferability.class_structure import gbc, h_score, logme, transrate
from bioner.transferability.label_transfer import leep, n_leep
from bioner.transferability.view import View, ViewName, make_view
from tests.transferability.test_tuned_measures import TAGS, tokens_of


def unbalanced(words: int = 160, dimensions: int = 5) -> View:
    """Labels as rare as in a corpus, on vectors of unlike spread that tell a part of them."""
    random = np.random.default_rng(4)
    tags = random.choice([0, 1, 2], words, p=[0.8, 0.12, 0.08])
    vectors = random.normal(size=(words, dimensions)) * np.linspace(0.5, 3, dimensions) + 7
    vectors[:, 1] += 1.5 * tags
    return make_view(
        tokens_of(tags, vectors, random.dirichlet(np.ones(4), words)), TAGS, ViewName.all
    )


def leep_reference(theta: np.ndarray, labels: np.ndarray) -> float:
    """Nguyen et al. 2020, section 2: the empirical joint, the conditional, Eq. 2; word by word."""
    words, kinds = theta.shape
    joint = np.zeros((labels.max() + 1, kinds))
    for i, z in product(range(words), range(kinds)):
        joint[labels[i], z] += theta[i, z] / words
    total = 0.0
    for i in range(words):
        total += np.log(
            sum(joint[labels[i], z] / joint[:, z].sum() * theta[i, z] for z in range(kinds))
        )
    return total / words


def n_leep_reference(view: View) -> float:
    """Li et al. 2021: the posterior of each component by Bayes' rule, then LEEP."""
    count = min(5 * view.classes, len(view.rows) // 10)
    mixture = GaussianMixture(
        count, covariance_type="diag", reg_covar=1e-4, max_iter=50, tol=1e-2, random_state=0
    ).fit(view.reduced)
    posterior = np.zeros((len(view.rows), count))
    for i, k in product(range(len(view.rows)), range(count)):
        spread = np.sqrt(mixture.covariances_[k])
        posterior[i, k] = mixture.weights_[k] * np.prod(
            norm.pdf(view.reduced[i], mixture.means_[k], spread)
        )
    return leep_reference(posterior / posterior.sum(axis=1, keepdims=True), view.labels)


def logme_reference(view: View) -> float:
    """You et al. 2021, Algorithm 1 with the matrices themselves, for each label as 0 or 1."""
    features = view.features
    words, dimensions = features.shape
    evidences = []
    for label in range(view.classes):
        y = (view.labels == label).astype(float)
        alpha = beta = 1.0
        for _ in range(100):
            a = alpha * np.eye(dimensions) + beta * features.T @ features
            m = beta * np.linalg.inv(a) @ features.T @ y
            eigenvalues = np.linalg.eigvalsh(beta * features.T @ features)
            gamma = sum(s / (alpha + s) for s in eigenvalues)
            residual = np.sum((features @ m - y) ** 2)
            alpha, beta = gamma / (m @ m), (words - gamma) / residual
        a = alpha * np.eye(dimensions) + beta * features.T @ features
        m = beta * np.linalg.inv(a) @ features.T @ y
        evidences.append(
            words / 2 * np.log(beta / (2 * np.pi))
            + dimensions / 2 * np.log(alpha)
            - beta / 2 * np.sum((features @ m - y) ** 2)
            - alpha / 2 * (m @ m)
            - 0.5 * np.log(np.linalg.det(a))
        )
    return float(np.mean(evidences)) / words


def h_score_reference(view: View) -> float:
    """Ibrahim et al. 2021: shrink towards the mean variance, invert, take the trace."""
    features, labels = view.features, view.labels
    words, dimensions = features.shape
    centre = features.mean(axis=0)
    covariance, between = np.zeros((2, dimensions, dimensions))
    for i in range(words):
        covariance += np.outer(features[i] - centre, features[i] - centre) / words
        step = features[labels == labels[i]].mean(axis=0) - centre
        between += np.outer(step, step) / words
    a = ledoit_wolf_shrinkage(features)
    mean_variance = np.trace(covariance) / dimensions
    shrunk = (1 - a) * covariance + a * mean_variance * np.eye(dimensions)
    return float(np.trace(np.linalg.inv(shrunk) @ ((1 - a) * between)))


def transrate_reference(view: View) -> float:
    """Huang et al. 2022, section 3, a determinant for each label, weighted by its words."""
    scaled = view.features - view.features.mean(axis=0)
    scaled = scaled / np.sqrt(np.mean([x @ x for x in scaled]))

    def rate(z: np.ndarray) -> float:
        code = np.eye(z.shape[1]) + sum(np.outer(x, x) for x in z) / (len(z) * 0.03)
        return 0.5 * float(np.log(np.linalg.det(code)))

    parts = [scaled[view.labels == label] for label in range(view.classes)]
    return rate(scaled) - sum(len(part) / len(scaled) * rate(part) for part in parts)


def gbc_reference(view: View) -> float:
    """Pándy et al. 2022: the overlap of two spherical Gaussians as an integral of root(p q)."""
    parts = [view.reduced[view.labels == label] for label in range(view.classes)]
    means = [part.mean(axis=0) for part in parts]
    spreads = [np.sqrt(part.var(axis=0).mean()) for part in parts]
    total = 0.0
    for i, j in product(range(view.classes), repeat=2):
        if i != j:
            overlap = 1.0
            for d in range(view.reduced.shape[1]):
                overlap *= quad(
                    lambda x, d=d, i=i, j=j: np.sqrt(
                        norm.pdf(x, means[i][d], spreads[i]) * norm.pdf(x, means[j][d], spreads[j])
                    ),
                    -40,
                    40,
                )[0]
            total += overlap
    return -total


@pytest.mark.parametrize(
    ("measure", "reference"),
    [
        (leep, lambda view: leep_reference(view.probabilities, view.labels)),
        (n_leep, n_leep_reference),
        (logme, logme_reference),
        (h_score, h_score_reference),
        (transrate, transrate_reference),
        (gbc, gbc_reference),
    ],
)
def test_as_the_paper_says(
    measure: Callable[[View], float], reference: Callable[[View], float]
) -> None:
    view = unbalanced()
    assert measure(view) == pytest.approx(reference(view), rel=1e-5)
