"""Attention inside each row equals attention that is masked to each row."""

import pytest
import torch
from torch import nn

from bioner.model.attention import lay_out, packed_attention

LENGTHS = torch.tensor([1, 2, 2, 5])
HEADS, SIZE = 3, 4


def _inputs() -> list[torch.Tensor]:
    torch.manual_seed(0)
    shape = (1, HEADS, int(LENGTHS.sum()), SIZE)
    return [torch.randn(shape, dtype=torch.float64, requires_grad=True) for _ in range(3)]


def _attend(parts: list[torch.Tensor], **options: object) -> torch.Tensor:
    layout = lay_out(LENGTHS, HEADS, torch.device("cpu"))
    return packed_attention(nn.Identity(), *parts, None, layout=layout, **options)[0]


@pytest.mark.parametrize("window", [None, 2])
@pytest.mark.parametrize("scaling", [None, 0.3])
def test_equals_masked_attention(window: int | None, scaling: float | None) -> None:
    parts = _inputs()
    row = torch.arange(len(LENGTHS)).repeat_interleave(LENGTHS)
    place = torch.arange(len(row))
    seen = row[:, None] == row
    if window:
        seen &= (place[:, None] - place).abs() < window
    expected = nn.functional.scaled_dot_product_attention(*parts, seen, scale=scaling)
    found = _attend(parts, scaling=scaling, sliding_window=window)
    torch.testing.assert_close(found, expected.transpose(1, 2))
    weight = torch.randn_like(found)
    one = torch.autograd.grad((found * weight).sum(), parts)
    other = torch.autograd.grad((expected.transpose(1, 2) * weight).sum(), parts)
    for a, b in zip(one, other, strict=True):
        torch.testing.assert_close(a, b)


def test_gradient_with_dropout() -> None:
    """The backward pass uses the mask of the forward pass."""

    def attend(*parts: torch.Tensor) -> torch.Tensor:
        torch.manual_seed(3)
        return _attend(list(parts), dropout=0.4)

    assert torch.autograd.gradcheck(attend, _inputs())
    assert not attend(*_inputs()).allclose(_attend(_inputs()))


def test_dropout_keeps_the_mean() -> None:
    parts = _inputs()
    torch.manual_seed(5)
    mean = torch.stack([_attend(parts, dropout=0.2) for _ in range(4000)]).mean(0)
    torch.testing.assert_close(mean, _attend(parts), atol=0.05, rtol=0.05)


def test_autocast_keeps_the_dtype_and_attends_in_float32() -> None:
    parts = [x.detach().float() for x in _inputs()]
    half = [x.bfloat16() for x in parts]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = _attend(half)
    assert found.dtype == torch.bfloat16
    assert found.equal(_attend([x.float() for x in half]).bfloat16())


def test_layout_is_a_block_for_each_row() -> None:
    layout = lay_out(torch.tensor([1, 2, 2]), 2, torch.device("cpu"))
    assert layout.groups == ((1, 1), (2, 2))
    # Piece p of head h is place 2 p + h.
    assert layout.to_blocks.tolist() == [0, 1, 2, 4, 3, 5, 6, 8, 7, 9]
    assert layout.to_blocks[layout.from_blocks].tolist() == list(range(10))
