"""A transformer over rows of different lengths: padded, or packed into one row without padding.

Packed, the dense layers see one row of real pieces, [1, pieces, hidden], in which the batch's rows
lie sorted by length; `bioner.model.attention` keeps them apart.
"""

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import PreTrainedConfig, PreTrainedModel

from bioner.config.encoder import Pooling
from bioner.errors import ConfigError
from bioner.model.attention import ATTENTION, lay_out

# The families (config.model_type) whose packed form is proven equal to the padded one in the tests.
FAMILIES = frozenset({"bert", "distilbert", "electra", "modernbert", "roberta", "xlm-roberta"})
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


def run_packed(
    model: PreTrainedModel, pieces: Tensor, rows: Tensor, layers: Sequence[int]
) -> Tensor:
    """Return the mean of some hidden layers, through one packed row.

    Args:
        model: a transformer of one of `FAMILIES` whose attention is `ATTENTION` or `FLASH`.
        pieces: Long [pieces], ids row after row.
        rows: Long [rows], pieces in each row.
        layers: the hidden layers, counted from the end; -1 is the last.

    Returns:
        [pieces, hidden], in the order of `pieces`.
    """
    # On the host: the groups are Python numbers, and so the device is waited for only once.
    lengths, by_length = rows.cpu().sort(stable=True)
    starts = (rows.cpu().cumsum(0) - rows.cpu())[by_length]
    within = torch.arange(len(pieces)) - (lengths.cumsum(0) - lengths).repeat_interleave(lengths)
    order = starts.repeat_interleave(lengths) + within
    place = torch.empty_like(order)
    place[order] = torch.arange(len(order))
    output = model(
        input_ids=pieces[order.to(pieces.device)].unsqueeze(0),
        position_ids=(within.to(pieces.device) + first_position(model.config)).unsqueeze(0),
        **_keep_apart(model.config, lengths, pieces.device),
        output_hidden_states=layers != (-1,),
    )
    return _mean(output, layers)[0].index_select(0, place.to(pieces.device))


def _keep_apart(config: PreTrainedConfig, lengths: Tensor, device: torch.device) -> dict[str, Any]:
    """Return what the transformer's attention must know to keep rows of these lengths apart."""
    if config._attn_implementation == ATTENTION:
        return {"layout": lay_out(lengths, config.num_attention_heads, device)}
    ends = F.pad(lengths.cumsum(0, dtype=torch.int32), (1, 0)).to(device)
    longest = int(lengths[-1])
    return {
        "cu_seq_lens_q": ends,
        "cu_seq_lens_k": ends,
        "max_length_q": longest,
        "max_length_k": longest,
    }


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
    if pooling in (Pooling.last, Pooling.every):
        return vectors.index_select(0, first + count - 1)
    word = torch.arange(len(count), device=count.device).repeat_interleave(count)
    pieces = vectors.index_select(0, pieces_of_words(first, count))
    sums = pieces.new_zeros(len(count), pieces.shape[1]).index_add(0, word, pieces)
    return sums / count[:, None]


def pieces_of_words(first: Tensor, count: Tensor) -> Tensor:
    """Return the places of all pieces, word after word, Long [sum of count].

    Args:
        first: Long [words], the place of each word's first piece.
        count: Long [words], the number of its pieces.
    """
    word = torch.arange(len(count), device=count.device).repeat_interleave(count)
    within = torch.arange(len(word), device=count.device) - (count.cumsum(0) - count)[word]
    return first[word] + within


def _mean(output: Any, layers: Sequence[int]) -> Tensor:
    if layers == (-1,):
        return output.last_hidden_state
    return torch.stack([output.hidden_states[layer] for layer in layers]).mean(0)
