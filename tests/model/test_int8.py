"""Int8Linear: the integers' own product, and what rounding may cost."""

import pytest
import torch
from torch import nn

from bioner.model.int8 import Int8Linear, input_levels, to_int8


@pytest.fixture(autouse=True, params=["as it is", "without VNNI"])
def _processor(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    if request.param == "without VNNI":
        monkeypatch.setattr(torch.cpu, "_is_vnni_supported", lambda: False)


def test_a_case_by_hand() -> None:
    linear = nn.Linear(2, 2)
    linear.weight.data = torch.tensor([[127.0, -63.6], [0.0, 0.0]])
    linear.bias.data = torch.tensor([1.0, 5.0])
    levels = input_levels()
    rows = torch.tensor([[2.0 * levels, 2.0], [-2.0 * levels, -2.0], [0.0, 0.0]])
    # Scales 1 and (smallest); the weights become 127 and -64, a row levels and 1 with scale 2.
    product = 2.0 * (127 * levels - 64)
    expected = torch.tensor([[product + 1, 5.0], [1 - product, 5.0], [1.0, 5.0]])
    torch.testing.assert_close(Int8Linear(linear)(rows), expected)


def test_the_largest_products_do_not_overflow() -> None:
    linear = nn.Linear(400, 3, bias=False)
    linear.weight.data = torch.tensor([[1.0], [-1.0], [1.0]]).repeat(1, 400)
    rows = torch.tensor([[1.0], [-1.0]]).repeat(1, 400)
    torch.testing.assert_close(Int8Linear(linear)(rows), linear(rows))


@pytest.mark.parametrize("shape", [(0, 48), (1, 48), (255, 48), (700, 48), (3, 100, 48), (48,)])
@pytest.mark.parametrize("bias", [True, False])
def test_an_output_is_off_by_no_more_than_the_rounding(shape: tuple[int, ...], bias: bool) -> None:
    linear = nn.Linear(48, 33, bias=bias)
    vectors = torch.randn(shape) * 10 ** torch.randn(*shape[:-1], 1)
    with torch.inference_mode():
        exact, found = linear(vectors), Int8Linear(linear)(vectors)
    assert found.shape == exact.shape
    step = vectors.abs().amax(-1, keepdim=True) / input_levels() / 2
    weight_step = linear.weight.abs().amax(1) / 127 / 2
    ones = torch.ones_like(linear.weight)
    bound = (
        step * linear.weight.abs().sum(1)
        + vectors.abs() @ ones.T * weight_step
        + 48 * step * weight_step
    )
    assert ((found - exact).abs() <= bound * 1.001 + 1e-5).all()


def test_an_outlier_costs_other_rows_nothing() -> None:
    layer, rows = Int8Linear(nn.Linear(16, 4)), torch.randn(5, 16)
    loud = rows.clone()
    loud[2, 3] = 1e6
    kept = [0, 1, 3, 4]
    assert layer(loud)[kept].equal(layer(rows)[kept])


def test_every_linear_layer_is_replaced() -> None:
    module = nn.Sequential(nn.Linear(4, 4), nn.ModuleList([nn.Linear(4, 4), nn.LayerNorm(4)]))
    to_int8(module)
    kinds = [type(m) for m in module.modules() if not list(m.children())]
    assert kinds == [Int8Linear, Int8Linear, nn.LayerNorm]
