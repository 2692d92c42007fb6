"""Attention inside each row of one packed row, for transformers' AttentionInterface.

The rows lie one after another, sorted by length; each group of equally long rows is one batch of
products, so that there is no padding, and no row can see another. Forward and backward are written
out: left to autograd, the hundreds of small operations of a layer's groups would be recorded, and
under autocast cast, one by one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface

from bioner.model.dropout import mask

ATTENTION = "bioner_packed"
# transformers' own, which takes packed rows too. Its versions 3 and 4 have no dropout.
FLASH = "flash_attention_2"


@dataclass(frozen=True)
class Layout:
    """How packed rows are laid out for attention: each as a block [heads, length, size].

    Attributes:
        groups: number and length of the rows of each group of equally long ones.
        to_blocks: Long [pieces x heads], for each place in the blocks the (piece, head) there.
        from_blocks: Long [pieces x heads], for each (piece, head) its place in the blocks.
    """

    groups: tuple[tuple[int, int], ...]
    to_blocks: Tensor
    from_blocks: Tensor


def lay_out(lengths: Tensor, heads: int, device: torch.device) -> Layout:
    """Lay rows out that lie in one row, sorted by length.

    Args:
        lengths: Long [rows], ascending, on the host.
        heads: of the transformer.
        device: where the layout is used.
    """
    distinct, counts = lengths.unique_consecutive(return_counts=True)
    groups = tuple(zip(counts.tolist(), distinct.tolist(), strict=True))
    start = (lengths.cumsum(0) - lengths).repeat_interleave(lengths)
    within = torch.arange(len(start)) - start
    length = lengths.repeat_interleave(lengths)
    places = (start * heads + within)[:, None] + length[:, None] * torch.arange(heads)
    from_blocks = places.flatten()
    to_blocks = torch.empty_like(from_blocks)
    to_blocks[from_blocks] = torch.arange(len(from_blocks))
    return Layout(groups, to_blocks.to(device), from_blocks.to(device))


def packed_attention(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    *,
    layout: Layout,
    dropout: float = 0.0,
    scaling: float | None = None,
    sliding_window: int | None = None,
    **_: Any,
) -> tuple[Tensor, None]:
    """Attend inside each row, in float32 or finer whatever autocast says.

    Products as small as these gain nothing from half precision, and each of their many shapes
    would be compiled anew for it.

    Args:
        module: the calling layer.
        query: [1, heads, pieces, size], and so are `key` and `value`.
        key: see `query`.
        value: see `query`.
        attention_mask: always None.
        layout: of the rows.
        dropout: of the attention's probabilities.
        scaling: of the products; None is 1 / sqrt(size).
        sliding_window: a piece sees those less than this far away; None means all.

    Returns:
        [1, pieces, heads, size], and no attention weights.
    """
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    precise = torch.promote_types(query.dtype, torch.float32)
    with torch.autocast(query.device.type, enabled=False):
        parts = (x[0].transpose(0, 1).to(precise) for x in (query, key, value))
        out = _Attention.apply(*parts, layout, scale, dropout, sliding_window)
    return out.to(query.dtype).unsqueeze(0), None


class _Attention(torch.autograd.Function):
    """dropout(softmax(scale q kᵀ)) v in each row; q, k, v and this are [pieces, heads, size]."""

    @staticmethod
    def forward(
        ctx: Any,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        layout: Layout,
        scale: float,
        dropout: float,
        window: int | None,
    ) -> Tensor:
        blocks = _Blocks(layout, query.shape[1])
        queries, keys, values = (blocks.take(x) for x in (query, key, value))
        queries.mul_(scale)
        weights = query.new_empty(blocks.squares)
        out = torch.empty_like(values)
        for q, k, p in blocks.each(queries, keys, squares=(weights,)):
            torch.bmm(q, k.transpose(1, 2), out=p)
            if (far := _far(p.shape[1], window, p.device)) is not None:
                p.masked_fill_(far, -torch.inf)
            torch.softmax(p, -1, out=p)
        kept = mask(weights, dropout) if dropout else weights.new_empty(0)
        dropped = _drop(weights, kept)
        for v, o, p in blocks.each(values, out, squares=(dropped,)):
            torch.bmm(p, v, out=o)
        ctx.save_for_backward(queries, keys, values, weights, kept)
        ctx.blocks, ctx.scale = blocks, scale
        return blocks.give(out)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        blocks: _Blocks = ctx.blocks
        queries, keys, values, weights, kept = ctx.saved_tensors
        dropped = _drop(weights, kept)
        of_out = blocks.take(gradients[0])
        of_queries, of_keys, of_values = (torch.empty_like(x) for x in (queries, keys, values))
        of_weights = torch.empty_like(weights)
        for v, do, dv, p, dp in blocks.each(
            values, of_out, of_values, squares=(dropped, of_weights)
        ):
            torch.bmm(p.transpose(1, 2), do, out=dv)
            torch.bmm(do, v.transpose(1, 2), out=dp)
        if len(kept):
            of_weights.mul_(kept)
        for q, k, dq, dk, p, ds in blocks.each(
            queries, keys, of_queries, of_keys, squares=(weights, of_weights)
        ):
            # d softmax: p (dp - sum(dp p))
            ds.sub_((ds * p).sum(-1, keepdim=True)).mul_(p)
            torch.bmm(ds, k, out=dq)
            torch.bmm(ds.transpose(1, 2), q, out=dk)
        of_queries.mul_(ctx.scale)
        found = (blocks.give(x) for x in (of_queries, of_keys, of_values))
        return (*found, None, None, None, None)


def _drop(weights: Tensor, kept: Tensor) -> Tensor:
    """Drop what the mask says, [squares]; an empty mask drops nothing."""
    return weights * kept if len(kept) else weights


class _Blocks:
    """Views of a layout's groups into flat storage."""

    def __init__(self, layout: Layout, heads: int) -> None:
        self._layout = layout
        self._shapes = [(count * heads, length) for count, length in layout.groups]
        self.squares = sum(rows * length**2 for rows, length in self._shapes)

    def take(self, x: Tensor) -> Tensor:
        """Return the blocks, [heads x pieces, size], of [pieces, heads, size]."""
        return x.flatten(0, 1).index_select(0, self._layout.to_blocks)

    def give(self, x: Tensor) -> Tensor:
        """Return [pieces, heads, size] of the blocks, [heads x pieces, size]."""
        pieces = sum(count * length for count, length in self._layout.groups)
        return x.index_select(0, self._layout.from_blocks).unflatten(0, (pieces, -1))

    def each(self, *blocks: Tensor, squares: tuple[Tensor, ...]) -> Iterator[tuple[Tensor, ...]]:
        """Yield the views of each group.

        Args:
            blocks: each [heads x pieces, size]; viewed as [rows x heads, length, size].
            squares: each [squares]; viewed as [rows x heads, length, length].
        """
        start = square = 0
        for rows, length in self._shapes:
            end, square_end = start + rows * length, square + rows * length**2
            yield (
                *(x[start:end].unflatten(0, (rows, length)) for x in blocks),
                *(x[square:square_end].view(rows, length, length) for x in squares),
            )
            start, square = end, square_end


def _far(length: int, window: int | None, device: torch.device) -> Tensor | None:
    """Return which pieces do not see each other, Bool [length, length], or None where all do."""
    if window is None or length <= window:
        return None
    place = torch.arange(length, device=device)
    return (place[:, None] - place).abs() >= window


def _no_mask(*_: Any, **__: Any) -> None:
    """Make no mask: the blocks keep the rows apart."""


def leave_uncompiled() -> None:
    """Have torch.compile leave the packed attention as it is: each batch has other groups."""
    AttentionInterface.register(ATTENTION, torch.compiler.disable(packed_attention))


AttentionInterface.register(ATTENTION, packed_attention)
AttentionMaskInterface.register(ATTENTION, _no_mask)
