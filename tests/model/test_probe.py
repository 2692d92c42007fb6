"""Heads that are fitted before training: against scikit-learn, and what each must not depend on."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from torch import Tensor

from bioner.corpora.tags import tag_set
from bioner.model import probe
from bioner.model.crf import CrfHead
from bioner.model.heads import LinearHead
from bioner.model.probe import (
    Linear,
    fit_linear,
    log_frequencies,
    pair_scores,
    start_prior,
    start_probe,
)
from bioner.model.word_vectors import WordVectors

TAGS = tag_set(["Gene", "Disease"])
HIDDEN = 6


def some_words(words: int = 400, seed: int = 1, scale: float = 1.0) -> WordVectors:
    """Words whose tags hang on their vectors; one feature is constant, and nothing is I-Disease."""
    random = np.random.default_rng(seed)
    vectors = random.normal(size=(words, HIDDEN)) * np.array([1, 3, 0.1, 1, 1, 0])
    logits = vectors @ random.normal(size=(HIDDEN, len(TAGS))) + random.gumbel(size=(words, 5))
    logits[:, 0] += 1
    tags = logits[:, :4].argmax(1)
    lengths = np.array([0, *[13] * (words // 13), words % 13, 0])
    return WordVectors(((vectors + 2) * scale).astype(np.float32), tags, lengths)


def nothing(words: WordVectors) -> Linear:
    bias = log_frequencies(words.tags, len(TAGS))
    return Linear(torch.zeros(len(TAGS), HIDDEN, dtype=torch.float64), bias)


def scores(words: WordVectors, layer: Linear) -> Tensor:
    return torch.from_numpy(words.vectors) @ layer.weight.T + layer.bias


def test_is_what_scikit_learn_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    """It penalises no bias, so the penalty here is too small to move one; and has no fifth tag."""
    monkeypatch.setattr(probe, "_PENALTY", 1e-5)
    monkeypatch.setattr(probe, "_TOLERANCE", 1e-6)
    words = some_words()
    standard = words.vectors - words.vectors.mean(0)
    standard /= np.maximum(standard.std(0), 1e-9)
    theirs = LogisticRegression(C=1 / (1e-5 * len(words.tags)), tol=1e-8, max_iter=5000)
    theirs.fit(standard, words.tags)
    ours = scores(words, fit_linear(words, nothing(words))).softmax(-1)
    np.testing.assert_allclose(ours[:, :4], theirs.predict_proba(standard), atol=0.01)
    assert float(ours[:, 4].max()) < 0.01


def test_is_a_minimum() -> None:
    """Any small step away raises what is minimised."""
    words = some_words()
    centre = nothing(words)
    objective = probe._Objective(
        torch.from_numpy(words.vectors), torch.from_numpy(words.tags), centre, None
    )
    best = probe._least(objective, objective.flat(centre))
    value, gradient = objective(best)
    assert float(gradient.abs().max()) <= probe._TOLERANCE
    generator = torch.Generator().manual_seed(0)
    for _ in range(20):
        step = 0.1 * torch.randn(len(best), generator=generator, dtype=torch.float64)
        assert objective(best + step)[0] > value


def test_the_gradient_is_that_of_the_value() -> None:
    words = some_words(50)
    masked = torch.tensor([False] * 4 + [True])
    features, tags = torch.from_numpy(words.vectors), torch.from_numpy(words.tags)
    objective = probe._Objective(features, tags, nothing(words), masked)
    flat = torch.randn(5 * (HIDDEN + 1), generator=torch.Generator().manual_seed(1)).double()
    leaf = flat.clone().requires_grad_()
    layer = objective.layer(leaf)
    logits = features.double() @ layer.weight.T + layer.bias
    away = leaf - objective.flat(nothing(words))
    value = torch.nn.functional.cross_entropy(logits.masked_fill(masked, -torch.inf), tags)
    value = value + probe._PENALTY / 2 * away @ away
    value.backward()
    ours, gradient = objective(flat)
    assert ours == pytest.approx(float(value.detach()), rel=1e-6)
    torch.testing.assert_close(gradient, leaf.grad, rtol=1e-4, atol=1e-6)


def test_the_scale_of_the_vectors_does_not_matter() -> None:
    small, large = some_words(scale=0.01), some_words(scale=100.0)
    found = [scores(words, fit_linear(words, nothing(words))) for words in (small, large)]
    torch.testing.assert_close(found[0], found[1], rtol=1e-2, atol=1e-2)


@pytest.mark.parametrize("kind", [LinearHead, CrfHead])
def test_threads_and_the_heads_first_weights_change_nothing(
    kind: type[LinearHead | CrfHead],
) -> None:
    words, states = some_words(), []
    before = torch.get_num_threads()
    for threads in (1, 2):
        torch.set_num_threads(threads)
        head = kind(HIDDEN, TAGS)
        start_probe(head, words)
        assert torch.get_num_threads() == threads
        states.append(head.state_dict())
    torch.set_num_threads(before)
    assert all(states[0][name].equal(states[1][name]) for name in states[0])


def test_a_fitted_head_finds_mentions() -> None:
    words = some_words(2000)
    fitted = LinearHead(HIDDEN, TAGS).eval()
    start_probe(fitted, words)
    vectors, lengths = torch.from_numpy(words.vectors), torch.from_numpy(words.lengths)
    tags = torch.from_numpy(words.tags)
    found = fitted.decode(vectors, lengths)
    mentions = tags == 1
    assert mentions.sum() > 50
    assert (found == tags)[mentions].float().mean() > 0.5
    assert (found == tags)[tags == 0].float().mean() > 0.5


def test_masked_tags_stay_out() -> None:
    words = some_words()
    keep = words.tags != 3
    words = WordVectors(words.vectors[keep], words.tags[keep], np.array([keep.sum()]))
    masked = torch.zeros(len(TAGS), dtype=torch.bool)
    masked[3:] = True
    head = LinearHead(HIDDEN, TAGS)
    start_probe(head, words, masked=masked)
    assert not head.linear.weight[3:].any()
    alone = LinearHead(HIDDEN, TAGS)
    start_probe(alone, words, masked=masked.expand(len(words.tags), -1))
    assert head.linear.weight.equal(alone.linear.weight)


def test_carried_rows_draw_the_fit() -> None:
    """With one word there is nothing to learn from; with many what was carried fades."""
    carried = torch.tensor([False, True, True, False, False])
    for words, stays in ((some_words(1), True), (some_words(4000), False)):
        head = LinearHead(HIDDEN, TAGS)
        torch.nn.init.constant_(head.linear.weight, 5.0)
        start_probe(head, words, carried)
        assert bool((head.linear.weight[carried] - 5).abs().max() < 0.1) == stays
        assert head.linear.weight[4].abs().max() < 1  # was not carried


def test_prior_is_the_frequency_of_the_tags() -> None:
    head, words = LinearHead(HIDDEN, TAGS), some_words()
    weight = head.linear.weight.clone()
    start_prior(head, words.tags)
    expected = (np.bincount(words.tags, minlength=5) + 1) / (len(words.tags) + 5)
    np.testing.assert_allclose(head.linear.bias.detach().exp(), expected, rtol=1e-6)
    assert head.linear.weight.equal(weight)


def test_pairs_that_the_emissions_expect_score_nothing() -> None:
    words = some_words()
    gold = torch.nn.functional.one_hot(torch.from_numpy(words.tags), len(TAGS)).float()
    for of in pair_scores(gold, words):
        assert not of.any()


def test_pairs_are_counted_inside_sentences_alone() -> None:
    tags = np.array([0, 1, 2, 0, 1])
    words = WordVectors(np.zeros((5, HIDDEN), np.float32), tags, np.array([0, 3, 0, 2]))
    uniform = torch.full((5, 5), 0.2)
    pairs, start, end = pair_scores(uniform, words)
    expected_pair, expected_end = 3 / 25, 2 / 5  # three pairs, two sentences
    seen = torch.zeros(5, 5)
    seen[0, 1], seen[1, 2] = 2, 1
    torch.testing.assert_close(pairs, ((seen + 1) / (expected_pair + 1)).log())
    begin = torch.tensor([2.0, 0, 0, 0, 0])
    torch.testing.assert_close(start, ((begin + 1) / (expected_end + 1)).log())
    last = torch.tensor([0.0, 1, 1, 0, 0])
    torch.testing.assert_close(end, ((last + 1) / (expected_end + 1)).log())


def test_crf_pairs_lower_its_loss() -> None:
    """Tags that alternate whatever the vectors say: pairs know it, emissions can't."""
    vectors = np.random.default_rng(0).normal(size=(300, HIDDEN)).astype(np.float32)
    words = WordVectors(vectors, np.tile([1, 2, 0], 100), np.array([30] * 10))
    head = CrfHead(HIDDEN, TAGS).eval()
    start_probe(head, words)
    given = [torch.from_numpy(of) for of in (words.vectors, words.lengths, words.tags)]
    with_pairs = head.loss(*given)
    torch.nn.init.zeros_(head.transitions)
    assert with_pairs < head.loss(*given) - 0.2


def test_no_word_leaves_the_frequencies() -> None:
    words = WordVectors(np.zeros((0, HIDDEN), np.float32), np.zeros(0, np.int64), np.zeros(2, int))
    head = LinearHead(HIDDEN, TAGS)
    start_probe(head, words)
    assert not head.linear.weight.any()
