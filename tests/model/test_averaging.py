"""Averages of weights against sums over what was seen, and across a checkpoint."""

import io

import pytest
import torch
from torch import nn

from bioner.model.averaging import WeightAverage


def trajectory(moments: int) -> list[nn.Module]:
    """The same module at several moments."""
    generator = torch.Generator().manual_seed(0)
    found = []
    for _ in range(moments):
        module = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 1))
        for weight in module.parameters():
            nn.init.normal_(weight, generator=generator)
        found.append(module)
    return found


def averaged(average: WeightAverage) -> list[torch.Tensor]:
    shown = trajectory(1)[0]
    with average.in_place(shown):
        return [weight.detach().clone() for weight in shown.parameters()]


def test_without_decay_it_is_the_mean() -> None:
    average, modules = WeightAverage(), trajectory(7)
    for module in modules:
        average.add(module)
    seen = zip(*(m.parameters() for m in modules), strict=True)
    for found, weights in zip(averaged(average), seen, strict=True):
        torch.testing.assert_close(found, torch.stack(weights).mean(0))


def test_with_decay_later_moments_weigh_more() -> None:
    """The first four are their mean; each later one leaves three quarters of what was."""
    average, modules = WeightAverage(decay=0.75), trajectory(6)
    for module in modules:
        average.add(module)
    shares = torch.tensor([0.25 * 0.75**2] * 4 + [0.25 * 0.75, 0.25])
    assert float(shares.sum()) == pytest.approx(1)
    seen = zip(*(m.parameters() for m in modules), strict=True)
    for found, weights in zip(averaged(average), seen, strict=True):
        expected = torch.tensordot(shares, torch.stack(weights), 1)
        torch.testing.assert_close(found, expected)


def test_the_module_gets_its_own_weights_back() -> None:
    average, (module, other) = WeightAverage(), trajectory(2)
    average.add(other)
    own = [weight.detach().clone() for weight in module.parameters()]
    with pytest.raises(RuntimeError, match="within"), average.in_place(module):
        assert all(a.equal(b) for a, b in zip(module.parameters(), other.parameters(), strict=True))
        raise RuntimeError("within")
    assert all(a.equal(b) for a, b in zip(module.parameters(), own, strict=True))


@pytest.mark.parametrize("decay", [1.0, 0.6])
def test_goes_on_from_a_checkpoint_bit_for_bit(decay: float) -> None:
    modules = trajectory(9)
    whole, first, second = (WeightAverage(decay) for _ in range(3))
    for module in modules:
        whole.add(module)
    for module in modules[:4]:
        first.add(module)
    file = io.BytesIO()
    torch.save(first.state_dict(), file)
    file.seek(0)
    second.load_state_dict(torch.load(file, weights_only=True))
    for module in modules[4:]:
        second.add(module)
    assert all(a.equal(b) for a, b in zip(averaged(whole), averaged(second), strict=True))


def test_what_was_seen_is_not_what_is_changed_later() -> None:
    average, module = WeightAverage(), trajectory(1)[0]
    average.add(module)
    before = averaged(average)
    with torch.no_grad():
        for weight in module.parameters():
            weight.add_(1)
    assert all(a.equal(b) for a, b in zip(averaged(average), before, strict=True))
