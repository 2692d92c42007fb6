"""Measures of the source-tuned encoder: by hand, and what must hold."""

from math import log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_normal

from bioner.transferability.class_structure import _rate, gbc, h_score, logme, transrate
from bioner.transferability.label_transfer import leep, n_leep, nce
from bioner.transferability.probes import knn_probe, linear_probe, span_f1
from bioner.transferability.registry import NotDefinedError, measures
from bioner.transferability.view import View, ViewName, make_view
from bioner.transferability.word_sample import Tokens

TAGS = ("O", "B-X", "I-X")
TUNED = {name: one for name, one in measures().items() if one.reads is View}


def tokens_of(
    tags: list[int] | np.ndarray,
    vectors: np.ndarray | None = None,
    probabilities: np.ndarray | None = None,
    length: int = 4,
) -> Tokens:
    tags = np.asarray(tags)
    if vectors is None:
        vectors = np.random.default_rng(0).normal(size=(len(tags), 3))
    if probabilities is None:
        probabilities = np.full((len(tags), 2), 0.5)
    return Tokens(
        vectors.astype(np.float32),
        tags,
        np.arange(len(tags)) // length,
        np.ones(len(tags), dtype=bool),
        probabilities.astype(np.float32),
    )


def view_of(*args: object, **more: object) -> View:
    return make_view(tokens_of(*args, **more), TAGS, ViewName.all)  # type: ignore[arg-type]


def clusters(spread: float, words: int = 400, dimensions: int = 8, seed: int = 0) -> View:
    """Three labels around three points."""
    random = np.random.default_rng(seed)
    tags = np.tile([0, 1, 2, 0], words // 4)
    centres = 4 * np.eye(3, dimensions)
    return view_of(
        tags,
        centres[tags] + random.normal(0, spread, (words, dimensions)),
        0.98 * np.eye(3)[tags] + 0.02 / 3,
    )


def test_leep_and_nce_by_hand() -> None:
    probabilities = np.array([[0.8, 0.2], [0.4, 0.6], [0.3, 0.7]])
    view = view_of([0, 0, 1], probabilities=probabilities)
    # P(y=0 | z): 1.2 / 1.5 and 0.8 / 1.5.
    expected = [
        0.8 * 1.2 / 1.5 + 0.2 * 0.8 / 1.5,
        0.4 * 1.2 / 1.5 + 0.6 * 0.8 / 1.5,
        0.3 * 0.3 / 1.5 + 0.7 * 0.7 / 1.5,
    ]
    assert leep(view) == pytest.approx(np.mean(np.log(expected)), rel=1e-6)
    # Most probable: 0, 1, 1. Given 0 the label is 0, given 1 it is 0 or 1.
    assert nce(view) == pytest.approx((log(1) + 2 * log(0.5)) / 3)


def test_n_leep_is_a_logarithm() -> None:
    assert n_leep(clusters(0.1)) == pytest.approx(0, abs=1e-3)
    random = np.random.default_rng(0)
    lost = n_leep(view_of(np.tile([0, 1, 2, 0], 250), random.normal(size=(1000, 4))))
    prior = 0.5 * log(0.5) + 0.5 * log(0.25)
    assert prior - 0.01 < lost < prior + 0.05


def test_logme_is_the_density_of_the_labels() -> None:
    """The evidence is that of a Gaussian with covariance I / b + F F' / a at the best a and b."""
    random = np.random.default_rng(1)
    features = random.normal(size=(30, 4))
    tags = (features[:, 0] + 0.3 * random.normal(size=30) > 0).astype(int)
    view = view_of(tags, features)
    grid = np.exp(np.linspace(-4, 6, 41))
    best = []
    for y in (1.0 - tags, 1.0 * tags):
        best.append(
            max(
                multivariate_normal(
                    None, np.eye(30) / b + view.features @ view.features.T / a
                ).logpdf(y)
                for a in grid
                for b in grid
            )
        )
    assert logme(view) == pytest.approx(np.mean(best) / 30, abs=2e-3)
    assert logme(view) >= np.mean(best) / 30 - 1e-6


def test_h_score_by_hand() -> None:
    random = np.random.default_rng(2)
    tags = np.tile([0, 1], 5000)
    features = random.normal(size=(10000, 2))
    features[:, 0] += np.where(tags == 1, 2.0, 0.0)
    # One direction: the variance between is 1, that of all is 2; shrinkage is next to nothing.
    assert h_score(view_of(tags, features)) == pytest.approx(0.5, abs=0.02)


def test_transrate_by_hand() -> None:
    vectors = np.array([[1.0, 0.0], [-1.0, 0.0], [1.0, 0.0], [-1.0, 0.0]])
    # Centred, of length 1: R(Z) = ln(1 + 1/e) / 2; each label is one point: ln(1 + 1/e) / 2 too.
    assert transrate(view_of([0, 1, 0, 1], vectors)) == pytest.approx(0, abs=1e-9)
    assert _rate(vectors) == pytest.approx(0.5 * log(1 + 1 / 0.03))
    # A label's rate weighs as its words: three of four here.
    vectors = np.array([[1.0, 0.0], [1.0, 0.0], [-1.0, 0.0], [0.0, 3.0]])
    view = view_of([0, 0, 0, 1], vectors)
    scaled = view.features - view.features.mean(axis=0)
    scaled /= np.sqrt((scaled**2).sum() / 4)
    within = 0.75 * _rate(scaled[:3]) + 0.25 * _rate(scaled[3:])
    assert transrate(view) == pytest.approx(_rate(scaled) - within)


def test_gbc_by_hand() -> None:
    # Two labels at +-2 on one axis, spread 1 and 4 on both of two axes.
    first = np.array([[2.0, 0], [2, 0], [2, 0], [2, 0]]) + np.sqrt(2) * np.array(
        [[1, 0], [-1, 0], [0, 1], [0, -1]]
    )
    second = -np.array([[2.0, 0], [2, 0], [2, 0], [2, 0]]) + np.sqrt(8) * np.array(
        [[1, 0], [-1, 0], [0, 1], [0, -1]]
    )
    view = view_of([0] * 4 + [1] * 4, np.concatenate([first, second]))
    distance = 16 / (8 * 2.5) + 2 / 2 * log(2.5 / np.sqrt(1 * 4))
    assert gbc(view) == pytest.approx(-2 * np.exp(-distance), rel=1e-5)


def test_span_f1_by_hand() -> None:
    gold = np.array([1, 2, 0, 0, 1, 0])
    guess = np.array([1, 2, 0, 0, 1, 2])
    sentence = np.array([0, 0, 0, 1, 1, 1])
    assert span_f1(gold, guess, sentence, np.array([0, 1]), TAGS) == pytest.approx(0.5)
    assert span_f1(gold, guess, sentence, np.array([0]), TAGS) == 1
    # A mention does not go on over the border of a sentence.
    assert (
        span_f1(np.array([1, 0]), np.array([1, 2]), np.array([0, 1]), np.array([0, 1]), TAGS) == 1
    )


@pytest.mark.parametrize("name", TUNED)
def test_parted_labels_are_closer_than_mixed_ones(name: str) -> None:
    measure = TUNED[name]
    near = clusters(0.5)
    mixed = np.random.default_rng(5).permutation(near.tokens.tags)
    lost = view_of(mixed, near.tokens.vectors, near.tokens.probabilities)
    assert measure.closeness(measure.function(near)) > measure.closeness(measure.function(lost))
    assert measure.pairs_labels


@pytest.mark.parametrize("name", TUNED)
def test_fewer_words_than_dimensions(name: str) -> None:
    view = clusters(1.0, words=40, dimensions=200)
    assert np.isfinite(TUNED[name].function(view))


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000), st.sampled_from(sorted(TUNED)), st.integers(1, 12))
def test_values_are_finite_or_not_defined(seed: int, name: str, dimensions: int) -> None:
    random = np.random.default_rng(seed)
    words = int(random.integers(4, 60))
    vectors = random.normal(size=(words, dimensions)).round(int(random.integers(0, 3)))
    chances = random.dirichlet(np.ones(3) * 0.1, words)
    tokens = tokens_of(random.choice([0, 1], words), vectors, chances)
    for view in ViewName:
        try:
            assert np.isfinite(TUNED[name].function(make_view(tokens, TAGS, view)))
        except NotDefinedError:
            continue


@pytest.mark.parametrize("name", ["logme", "h_score", "transrate", "gbc", "knn_probe"])
def test_a_rotation_changes_nothing(name: str) -> None:
    view = clusters(1.0)
    turn = np.linalg.qr(np.random.default_rng(3).normal(size=(8, 8)))[0]
    turned = view_of(view.tokens.tags, view.tokens.vectors @ turn, view.tokens.probabilities)
    function = TUNED[name].function
    assert function(turned) == pytest.approx(function(view), rel=1e-4)


def test_probes_are_perfect_where_vectors_tell_all() -> None:
    view = clusters(0.01)
    assert knn_probe(view) == linear_probe(view) == 1


def test_views() -> None:
    tags = [0, 0, 1, 2, 0, 0, 0, 0, 1, 0, 0, 0]
    tokens = tokens_of(tags)
    half = Tokens(
        tokens.vectors, tokens.tags, tokens.sentence, tokens.sentence < 2, tokens.probabilities
    )
    every, downsampled, mentions = (make_view(half, TAGS, name) for name in ViewName)
    assert every.rows.tolist() == list(range(8))
    assert mentions.rows.tolist() == [2, 3, 8] and mentions.labels.tolist() == [0, 1, 0]
    assert sorted(downsampled.labels.tolist()) == [0, 0, 0, 1, 1, 2]
    assert {2, 3, 8} < set(downsampled.rows.tolist())


def test_a_view_with_one_label_is_not_defined() -> None:
    with pytest.raises(NotDefinedError, match=r"one label alone \(B-X\)"):
        make_view(tokens_of([0, 1, 0, 1]), TAGS, ViewName.mentions)
    with pytest.raises(NotDefinedError, match=r"one label alone \(O\)"):
        make_view(tokens_of([0, 0]), TAGS, ViewName.all)
    with pytest.raises(NotDefinedError, match=r"one label alone \(none\)"):
        make_view(tokens_of([0, 0]), TAGS, ViewName.mentions)
