"""The cheap dropout drops as often as it says, keeps the mean, and is torch's own otherwise."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from bioner.model.dropout import Dropout, mask, replace_dropout


@given(st.floats(0, 0.99), st.integers(0, 9), st.sampled_from([torch.float32, torch.float64]))
def test_mask_has_two_values(p: float, size: int, dtype: torch.dtype) -> None:
    found = mask(torch.empty(size, 2, dtype=dtype), p)
    assert found.shape == (size, 2) and found.dtype == dtype
    assert all(x == 0 or x == pytest.approx(1 / (1 - p), rel=2e-3) for x in found.flatten())


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_share_and_mean(p: float) -> None:
    torch.manual_seed(1)
    found = mask(torch.empty(1000, 1001), p)
    # Six standard deviations of a million draws.
    assert (found == 0).float().mean() == pytest.approx(p, abs=6 * (p * (1 - p) / 1e6) ** 0.5)
    assert found.mean() == pytest.approx(1, abs=6 * (p / (1 - p) / 1e6) ** 0.5)
    # Neighbours, four of which share a draw, are independent.
    zero = (found.flatten() == 0).double()
    pairs = torch.stack([zero[:-1], zero[1:]])
    assert torch.corrcoef(pairs)[0, 1].abs() < 0.006


def test_no_probability_drops_nothing() -> None:
    assert mask(torch.empty(100_000), 0.0).eq(1).all()


@pytest.mark.parametrize("p", [1.0, 0.999_999])
def test_everything_may_be_dropped(p: float) -> None:
    x = torch.ones(9, requires_grad=True)
    Dropout(p)(x).sum().backward()
    assert x.grad is not None and x.grad.eq(0).all()


def test_seed_decides() -> None:
    torch.manual_seed(1)
    one, other = mask(torch.empty(100), 0.5), mask(torch.empty(100), 0.5)
    torch.manual_seed(1)
    assert mask(torch.empty(100), 0.5).equal(one) and not one.equal(other)


def test_gradient_is_dropped_alike() -> None:
    x = torch.ones(1000, requires_grad=True)
    out = Dropout(0.3)(x)
    out.sum().backward()
    assert x.grad is not None and x.grad.equal(out.detach())


def test_evaluation_is_untouched() -> None:
    x = torch.randn(10)
    assert Dropout(0.5).eval()(x).equal(x) and Dropout(0.0)(x).equal(x)


def test_replace_takes_every_dropout() -> None:
    module = nn.Sequential(nn.Dropout(0.2), nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.4))).eval()
    replace_dropout(module)
    found = [part for part in module.modules() if isinstance(part, nn.Dropout)]
    assert [(type(part), part.p) for part in found] == [(Dropout, 0.2), (Dropout, 0.4)]
