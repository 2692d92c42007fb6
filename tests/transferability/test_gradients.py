"""Measures of gradients: by hand, and what the backward pass must give."""

import numpy as np
import pytest
import torch

from bioner.batches.tokens import Encoded
from bioner.batches.window import Window
from bioner.model.encoder import Encoder
from bioner.transferability.backward import Sketch, fit_head, push
from bioner.transferability.gradients import Gradients, fisher_cosine, gradient_cosine
from bioner.transferability.registry import NotDefinedError
from bioner.transferability.word_sample import draw, read
from tests.transferability.test_word_sample import corpus, parts

__all__ = ["corpus", "parts"]  # fixtures
TAGS = ("O", "B-Disease", "I-Disease")


def test_by_hand() -> None:
    one = Gradients(np.array([1.0, 3.0, 0.0]), np.array([1.0, 0.0]))
    other = Gradients(np.array([1.0, 1.0, 0.0]), np.array([3.0, 4.0]))
    # The shares are (1/2, 3/4) and (1/2, 1/4); what neither feels does not count.
    expected = (0.25 + 3 / 16) / (np.hypot(0.5, 0.75) * np.hypot(0.5, 0.25))
    assert fisher_cosine(one, other) == pytest.approx(expected) == fisher_cosine(other, one)
    assert gradient_cosine(one, other) == pytest.approx(0.6)
    assert [fisher_cosine(one, one), gradient_cosine(one, one)] == pytest.approx([1, 1])
    nothing = Gradients(np.zeros(3), np.zeros(2))
    assert gradient_cosine(nothing, nothing) == 0
    with pytest.raises(NotDefinedError):
        fisher_cosine(nothing, nothing)


def test_a_sketch_keeps_cosines() -> None:
    random = np.random.default_rng(0)
    one = random.normal(size=50_000)
    other = 0.3 * one + random.normal(size=50_000)
    sketches = []
    for gradient in (one, other):
        sketch = torch.zeros(1 << 16, dtype=torch.float64)
        Sketch(7).add(sketch, 0, torch.from_numpy(gradient[:20_000]))
        Sketch(7).add(sketch, 1, torch.from_numpy(gradient[20_000:]))
        sketches.append(sketch.numpy())
    exact = one @ other / np.linalg.norm(one) / np.linalg.norm(other)
    found = sketches[0] @ sketches[1] / np.linalg.norm(sketches[0]) / np.linalg.norm(sketches[1])
    assert found == pytest.approx(exact, abs=0.02)


def test_the_backward_pass(parts: tuple[Encoder, Encoded, Window]) -> None:
    encoder, encoded, window = parts
    before = {name: tensor.clone() for name, tensor in encoder.state_dict().items()}
    sample = draw(encoded, np.arange(240), 400, seed=1)
    tokens = read(encoder, None, encoded, sample, window)
    head = fit_head(tokens, TAGS, seed=1)
    vectors, gold = torch.from_numpy(tokens.vectors), torch.from_numpy(tokens.tags)
    loss = float(head.loss(vectors, torch.tensor([len(gold)]), gold).detach())
    prior = np.bincount(tokens.tags) / len(tokens.tags)
    assert loss < -(prior * np.log(prior)).sum()
    found = push(encoder, head, encoded, sample, window, seed=1)
    again = push(encoder, head, encoded, sample, window, seed=1)
    assert np.array_equal(found.mean, again.mean) and np.array_equal(found.fisher, again.fisher)
    assert np.isfinite(found.mean).all() and (found.fisher >= 0).all() and found.fisher.any()
    assert all(torch.equal(before[name], t) for name, t in encoder.state_dict().items())
    # The gradient of gold tags changes with the tags.
    other = draw(encoded, np.arange(240)[::-1], 400, seed=2)
    assert gradient_cosine(found, push(encoder, head, encoded, other, window, seed=1)) < 0.999
