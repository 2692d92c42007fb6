"""A transformer over rows of different lengths: padded, or packed into one row without padding.

Packed, the dense layers see one row of real pieces, [1, pieces, hidden], in which the batch's rows
lie sorted by length. Attention needs rows apart, so each group of equally long rows is viewed as
[rows, heads, length, size]: a group needs no mask and no padding, and no row can see another.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import (
    AttentionInterface,
    AttentionMaskInterface,
    PreTrainedConfig,
    PreTrainedModel,
)

from bioner.config import Pooling
from bioner.errors import ConfigError

# The families (config.model_type) whose packed form is proven equal to the padded one in the tests.
FAMILIES = frozenset({"bert", "distilbert", "electra", "modernbert", "roberta", "xlm-roberta"})
ATTENTION = "bioner_packed"
# Families that count positions from the one after the padding's id, as fairseq does.
_COUNT_FROM_PADDING = frozenset(
    {"camembert", "longformer", "mpnet", "roberta", "roberta-prelayernorm", "xlm-roberta"}
)


def first_position(config: PreTrainedConfig) -> int:
    """Return the position id of a row's first piece."""
    return config.pad_token_id + 1 if config.model_type in _COUNT_FROM_PADDING else 0


def row_limit(asked: int | None, config: PreTrainedConfig) -> int:
    """Return the most pieces in one row: what the config asks for, else the model's own limit.

    Raises:
        ConfigError: it asks for more than the model can take, or neither sets a limit.
    """
    positions = getattr(config, "max_position_embeddings", None)
    limit = positions - first_position(config) if positions else asked
    if limit is None:
        raise ConfigError("encoder.max_pieces", "the model has no limit of its own", "a number")
    if asked is not None and asked > limit:
        raise ConfigError("encoder.max_pieces", f"{asked}", f"at most {limit} with this model")
    return limit if asked is None else asked


def from_the_end(layers: Sequence[int], config: PreTrainedConfig) -> tuple[int, ...]:
    """Return hidden layers counted from the end; -1 is the last.

    Raises:
        ConfigError: none, one twice, or one that the model doesn't have.
    """
    last = config.num_hidden_layers
    counted = tuple(layer - last - 1 if layer >= 0 else layer for layer in layers)
    if (
        not counted
        or len(set(counted)) < len(counted)
        or not set(counted) <= set(range(-last - 1, 0))
    ):
        legal = f"layers 0 (embeddings) to {last}, or {-last - 1} to -1 (the last), each once"
        raise ConfigError("encoder.layers", f"{list(layers)}", legal)
    return counted


def is_packed(asked: bool | None, config: PreTrainedConfig) -> bool:
    """Return whether rows are to be packed.

    Args:
        asked: what the config says; None means where it is proven.
        config: the transformer's own.

    Raises:
        ConfigError: packing is asked for where it is not proven.
    """
    proven = config.model_type in FAMILIES and not getattr(config, "is_decoder", False)
    if asked and not proven:
        found = f"packing is not proven for the family {config.model_type!r}"
        raise ConfigError("encoder.packed", found, f"null, or one of {', '.join(sorted(FAMILIES))}")
    return proven if asked is None else asked


@dataclass(frozen=True)
class Packing:
    """Rows sorted by length, the same for all layers.

    Attributes:
        order: Long [pieces], for each place of the packed row the piece that lies there.
        positions: Long [pieces], its place in its own row, from 0.
        groups: number and length of the rows of each group of equally long ones.
    """

    order: Tensor
    positions: Tensor
    groups: tuple[tuple[int, int], ...]


def pack(rows: Tensor) -> Packing:
    """Sort rows by their length.

    Args:
        rows: Long [rows], pieces in each row.
    """
    # On the host: the groups are Python numbers, and so the device is waited for only once.
    lengths, by_length = rows.cpu().sort(stable=True)
    starts = (rows.cpu().cumsum(0) - rows.cpu())[by_length]
    place = torch.arange(int(lengths.sum()))
    positions = place - (lengths.cumsum(0) - lengths).repeat_interleave(lengths)
    order = starts.repeat_interleave(lengths) + positions
    distinct, counts = lengths.unique_consecutive(return_counts=True)
    groups = tuple(zip(counts.tolist(), distinct.tolist(), strict=True))
    return Packing(order.to(rows.device), positions.to(rows.device), groups)


def packed_attention(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    *,
    packing: Packing,
    dropout: float = 0.0,
    scaling: float | None = None,
    sliding_window: int | None = None,
    **_: Any,
) -> tuple[Tensor, None]:
    """Attend inside each row of one packed row; transformers' AttentionInterface calls it.

    Args:
        module: the calling layer.
        query: [1, heads, pieces, size], and so are `key` and `value`.
        key: see `query`.
        value: see `query`.
        attention_mask: always None.
        packing: the rows.
        dropout: of the attention's probabilities.
        scaling: of the products; null is 1 / sqrt(size).
        sliding_window: a piece sees those less than this far away; None means all.

    Returns:
        [1, pieces, heads, size], and no attention weights.
    """
    # split, not slices: the gradient is then joined once instead of added up group by group.
    sizes = [count * length for count, length in packing.groups]
    parts = zip(*(x[0].transpose(0, 1).split(sizes) for x in (query, key, value)), strict=True)
    attended = []
    for (count, length), part in zip(packing.groups, parts, strict=True):
        q, k, v = (x.unflatten(0, (count, length)).transpose(1, 2) for x in part)
        near = _near(length, sliding_window, query.device)
        out = F.scaled_dot_product_attention(q, k, v, near, dropout, scale=scaling)
        attended.append(out.transpose(1, 2).flatten(0, 1))
    return torch.cat(attended).unsqueeze(0), None


def _near(length: int, sliding_window: int | None, device: torch.device) -> Tensor | None:
    """Return which pieces see each other, Bool [length, length], or None where all do."""
    if sliding_window is None or length <= sliding_window:
        return None
    place = torch.arange(length, device=device)
    return (place[:, None] - place).abs() < sliding_window


def _no_mask(*_: Any, **__: Any) -> None:
    """Make no mask: the groups keep the rows apart."""


AttentionInterface.register(ATTENTION, packed_attention)
AttentionMaskInterface.register(ATTENTION, _no_mask)


def run_packed(
    model: PreTrainedModel, pieces: Tensor, rows: Tensor, layers: Sequence[int]
) -> Tensor:
    """Return the mean of some hidden layers, through one packed row.

    Args:
        model: a transformer of one of `FAMILIES` that was built with `ATTENTION`.
        pieces: Long [pieces], ids row after row.
        rows: Long [rows], pieces in each row.
        layers: the hidden layers, counted from the end; -1 is the last.

    Returns:
        [pieces, hidden], in the order of `pieces`.
    """
    packing = pack(rows)
    output = model(
        input_ids=pieces[packing.order].unsqueeze(0),
        position_ids=(packing.positions + first_position(model.config)).unsqueeze(0),
        packing=packing,
        output_hidden_states=layers != (-1,),
    )
    place = torch.empty_like(packing.order)
    place[packing.order] = torch.arange(len(pieces), device=pieces.device)
    return _mean(output, layers)[0].index_select(0, place)


def run_padded(
    model: PreTrainedModel, pieces: Tensor, rows: Tensor, layers: Sequence[int]
) -> Tensor:
    """Return what `run_packed` returns, through rows padded to the longest; any transformer."""
    real = torch.arange(int(rows.max()), device=rows.device) < rows[:, None]
    padded = pieces.new_full(real.shape, model.config.pad_token_id or 0)
    padded[real] = pieces
    output = model(
        input_ids=padded, attention_mask=real.long(), output_hidden_states=layers != (-1,)
    )
    return _mean(output, layers)[real]


def read_words(vectors: Tensor, first: Tensor, count: Tensor, pooling: Pooling) -> Tensor:
    """Return one vector per word.

    Args:
        vectors: of all pieces, [pieces, hidden].
        first: Long [words], the place of each word's first piece.
        count: Long [words], the number of its pieces, at least 1.
        pooling: which pieces stand for a word.

    Returns:
        [words, hidden].
    """
    if pooling == Pooling.first:
        return vectors.index_select(0, first)
    if pooling == Pooling.last:
        return vectors.index_select(0, first + count - 1)
    word = torch.arange(len(count), device=count.device).repeat_interleave(count)
    within = torch.arange(len(word), device=count.device) - (count.cumsum(0) - count)[word]
    pieces = vectors.index_select(0, first[word] + within)
    sums = pieces.new_zeros(len(count), pieces.shape[1]).index_add(0, word, pieces)
    return sums / count[:, None]


def _mean(output: Any, layers: Sequence[int]) -> Tensor:
    if layers == (-1,):
        return output.last_hidden_state
    return torch.stack([output.hidden_states[layer] for layer in layers]).mean(0)
