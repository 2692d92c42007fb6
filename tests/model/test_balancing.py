"""Weights that follow how the tasks learn."""

import math
from typing import cast

import pytest
import torch
from torch import Tensor

from bioner.model.balancing import DynamicWeightAverage, GradNorm
from bioner.model.network import Network
from tests.model.toys import LinearLosses


def loss(value: float) -> Tensor:
    return torch.tensor(value, requires_grad=True)


def test_dwa_follows_the_ratio_of_two_windows() -> None:
    weighting = DynamicWeightAverage(("a", "b"), temperature=2.0, window=2)
    for a, b in ((4.0, 4.0), (2.0, 2.0), (1.0, 3.0), (2.0, 3.0)):
        plain = weighting.combine({"a": loss(a), "b": loss(b)})
        assert plain.item() == a + b  # no two windows so far
    # a fell from 3 to 1.5, b stayed at 3.
    ratios = [math.exp(0.5 / 2), math.exp(1.0 / 2)]
    weights = [2 * one / sum(ratios) for one in ratios]
    found = weighting.combine({"a": loss(1.0), "b": loss(10.0)})
    assert found.item() == pytest.approx(weights[0] + 10 * weights[1])
    assert weighting.combine({"b": loss(10.0)}).item() == pytest.approx(10.0)


def test_dwa_goes_on_from_its_state() -> None:
    first, again = (DynamicWeightAverage(("a", "b"), window=2) for _ in range(2))
    for a in (4.0, 2.0, 1.0, 1.0):
        first.combine({"a": loss(a), "b": loss(1.0)})
    again.load_state_dict(first.state_dict())
    both = [one.combine({"a": loss(3.0), "b": loss(1.0)}).item() for one in (first, again)]
    assert both[0] == both[1] != 4.0


def test_gradnorm_raises_the_weight_of_a_small_gradient() -> None:
    rows = torch.tensor([[[3.0, 4.0]], [[0.6, 0.8]]])  # norms 5 and 1
    weighting, toy = GradNorm(("a", "b"), alpha=0.0, rate=0.01), LinearLosses(rows)
    losses = toy.losses()
    total = weighting.combine(losses)
    weighting.backward(total, losses, cast(Network, toy))
    # The step itself is that of the weights of before.
    torch.testing.assert_close(toy.weight.grad, rows.sum(0))
    stepped = torch.tensor([1 - 0.01 * 5, 1 + 0.01 * 1])
    torch.testing.assert_close(weighting.weights, 2 * stepped / stepped.sum())


def test_gradnorm_gives_more_to_what_learns_slowly() -> None:
    rows = torch.ones(2, 1, 2)
    weighting, toy = GradNorm(("a", "b"), alpha=1.0, rate=0.01), LinearLosses(rows)
    for offsets in ((2.0, 2.0), (2.0, 1.0)):
        losses = toy.losses(*offsets)
        weighting.backward(weighting.combine(losses), losses, cast(Network, toy))
    assert weighting.weights[0] > 1 > weighting.weights[1]
    assert weighting.weights.sum().item() == pytest.approx(2.0)
    alone = {"a": toy.losses()["a"]}
    before = weighting.weights.clone()
    weighting.backward(weighting.combine(alone), alone, cast(Network, toy))
    torch.testing.assert_close(weighting.weights, before)


@pytest.mark.parametrize("wrong", [{"temperature": 0.0}, {"window": 0}])
def test_dwa_refuses(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must be above 0"):
        DynamicWeightAverage(("a",), **wrong)  # type: ignore[arg-type]


def test_gradnorm_makes_the_same_step_whatever_the_scale_of_float16() -> None:
    rows = torch.tensor([[[3.0, 4.0]], [[0.6, 0.8]]])
    found = []
    for scale in (1.0, 65536.0):
        weighting, toy = GradNorm(("a", "b"), rate=0.01), LinearLosses(scale * rows)
        weighting.scale = scale
        for offsets in ((2.0, 1.0), (1.0, 1.0)):
            losses = toy.losses(*(scale * one for one in offsets))
            weighting.backward(weighting.combine(losses), losses, cast(Network, toy))
        found.append(weighting.weights)
    torch.testing.assert_close(*found)
    overflown = {task: one * torch.inf for task, one in toy.losses(1.0, 1.0).items()}
    weighting.backward(weighting.combine(overflown), overflown, cast(Network, toy))
    torch.testing.assert_close(weighting.weights, found[-1])


def test_gradnorm_passes_over_a_batch_without_a_word() -> None:
    weighting, toy = GradNorm(("a", "b"), alpha=1.0), LinearLosses(torch.ones(2, 1, 2))
    losses = {**toy.losses(2.0, 2.0), "b": torch.zeros((), requires_grad=True)}
    weighting.backward(weighting.combine(losses), losses, cast(Network, toy))
    assert weighting.weights.isfinite().all() and weighting.first[1].isnan()
