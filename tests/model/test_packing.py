"""Packed rows give what padded rows give, and no row sees another."""

from copy import deepcopy

import pytest
import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention
from transformers import CONFIG_MAPPING, AutoConfig, AutoModel, PreTrainedConfig, PreTrainedModel
from transformers import modeling_flash_attention_utils as flash
from transformers.utils import is_flash_attn_2_available

from bioner.config.encoder import Pooling
from bioner.errors import ConfigError
from bioner.model.attention import ATTENTION, FLASH
from bioner.model.packing import (
    FAMILIES,
    from_the_end,
    is_packed,
    read_words,
    row_limit,
    run_packed,
    run_padded,
)

SHAPE = {
    "vocab_size": 50,
    "hidden_size": 16,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "intermediate_size": 24,
    "hidden_dim": 24,
    "max_position_embeddings": 40,
    "pad_token_id": 1,
    # Of ModernBERT; the rows below are longer than what a local layer sees.
    "local_attention": 6,
    "global_attn_every_n_layers": 2,
    "initializer_range": 0.3,
}
ROWS = torch.tensor([5, 12, 1, 5, 9, 12, 12, 3])


def _config(family: str) -> PreTrainedConfig:
    known = CONFIG_MAPPING[family]().to_dict().keys() | CONFIG_MAPPING[family].attribute_map.keys()
    return AutoConfig.for_model(family, **{k: v for k, v in SHAPE.items() if k in known})


def _both(config: PreTrainedConfig) -> tuple[PreTrainedModel, PreTrainedModel]:
    torch.manual_seed(0)
    padded = AutoModel.from_config(config)
    # A copy, for the config keeps the kind of attention.
    packed = AutoModel.from_config(deepcopy(config), attn_implementation=ATTENTION)
    packed.load_state_dict(padded.state_dict())
    return padded.eval(), packed.eval()


def _pieces(rows: Tensor, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(2, 50, (int(rows.sum()),), generator=generator)


def _gradients(model: PreTrainedModel, vectors: Tensor) -> dict[str, Tensor]:
    weight = torch.randn(vectors.shape, generator=torch.Generator().manual_seed(1))
    (vectors * weight).sum().backward()
    return {name: p.grad for name, p in model.named_parameters() if p.grad is not None}


def _assert_equal(
    padded: PreTrainedModel,
    packed: PreTrainedModel,
    rows: Tensor,
    layers: tuple[int, ...],
    tolerance: float,
) -> None:
    """Compare the outputs, and the gradients against the norm of the whole gradient."""
    pieces = _pieces(rows)
    one = run_padded(padded, pieces, rows, layers)
    other = run_packed(packed, pieces, rows, layers)
    torch.testing.assert_close(other, one, rtol=tolerance, atol=tolerance)
    expected, found = _gradients(padded, one), _gradients(packed, other)
    assert expected.keys() == found.keys() and len(found) >= 20
    whole = torch.cat([gradient.flatten() for gradient in expected.values()]).norm()
    apart = torch.cat([(found[name] - expected[name]).flatten() for name in found]).norm()
    assert whole > 1 and apart <= tolerance * whole


@pytest.mark.parametrize(
    ("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.float64, 1e-12)], ids=str
)
@pytest.mark.parametrize("layers", [(-1,), (-1, -3, -4)], ids=str)
@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_packed_is_padded(
    family: str, layers: tuple[int, ...], dtype: torch.dtype, tolerance: float
) -> None:
    padded, packed = (model.to(dtype) for model in _both(_config(family)))
    _assert_equal(padded, packed, ROWS, layers, tolerance)


def test_packed_is_padded_on_pretrained_weights(minilm: str) -> None:
    padded = AutoModel.from_pretrained(minilm, add_pooling_layer=False)
    packed = AutoModel.from_pretrained(
        minilm, add_pooling_layer=False, attn_implementation=ATTENTION
    )
    _assert_equal(padded, packed, torch.tensor([20, 7, 33, 7]), (-1,), 1e-5)


def _each_row(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    cu_seqlens_q: Tensor,
    cu_seqlens_k: Tensor,
    max_seqlen_q: int,
    max_seqlen_k: int,
    dropout_p: float = 0.0,
    softmax_scale: float | None = None,
    causal: bool = False,
    window_size: tuple[int, int] = (-1, -1),
) -> Tensor:
    """Compute what flash-attn says of its kernel, row by row; all are [pieces, heads, size]."""
    assert cu_seqlens_q.dtype == torch.int32 and cu_seqlens_q.equal(cu_seqlens_k)
    assert max_seqlen_q == max_seqlen_k == int(cu_seqlens_q.diff().max()) and not causal
    rows = []
    for start, end in cu_seqlens_q.unfold(0, 2, 1).tolist():
        place = torch.arange(end - start)
        apart = (place[:, None] - place).abs()
        sees = (apart <= window_size[0]) | (window_size[0] < 0)
        row = (x[start:end].transpose(0, 1) for x in (q, k, v))
        out = scaled_dot_product_attention(*row, sees, dropout_p, scale=softmax_scale)
        rows.append(out.transpose(0, 1))
    return torch.cat(rows)


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_flash_attention_is_told_where_rows_end(
    family: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All but the kernel, which needs a GPU: that is written out above."""
    unused = (None, None, None)
    monkeypatch.setattr(flash, "_lazy_imports", lambda *_, **__: (None, _each_row, *unused))
    monkeypatch.setattr(flash, "_loaded_implementation", None)
    padded, packed = _both(_config(family))
    packed.config._attn_implementation = FLASH
    _assert_equal(padded, packed, ROWS, (-1,), 1e-5)


@pytest.mark.slow
@pytest.mark.skipif(not is_flash_attn_2_available(), reason="needs a GPU and flash-attn")
@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_flash_attention_is_ours(family: str) -> None:
    _, ours = _both(_config(family))
    theirs = deepcopy(ours)
    theirs.set_attn_implementation(FLASH)
    found = []
    for model in (ours, theirs):
        model.to("cuda", torch.bfloat16)
        found.append(run_packed(model, _pieces(ROWS).to("cuda"), ROWS.to("cuda"), (-1,)))
    torch.testing.assert_close(found[1], found[0], rtol=0.05, atol=0.05)


def test_local_attention_is_tested() -> None:
    """The window of the local layers changes the outputs of the rows above."""
    near, far = _config("modernbert"), _config("modernbert")
    far.sliding_window = 40
    pieces = _pieces(ROWS)
    local, full = _both(near)[1], _both(far)[1]
    assert not run_packed(local, pieces, ROWS, (-1,)).allclose(
        run_packed(full, pieces, ROWS, (-1,)), atol=1e-3
    )


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_no_row_sees_another(family: str) -> None:
    packed = _both(_config(family))[1]
    pieces = _pieces(ROWS)
    changed = pieces.clone()
    start = int(ROWS[0])
    changed[start : start + 12] = (changed[start : start + 12] - 2 + 7) % 48 + 2
    before, after = (run_packed(packed, p, ROWS, (-1,)) for p in (pieces, changed))
    same = (before == after).all(-1)
    assert same[:start].all() and same[start + 12 :].all()
    assert not same[start : start + 12].any()


def test_dropout_of_attention_only_in_training() -> None:
    config = _config("bert")
    config.hidden_dropout_prob, config.attention_probs_dropout_prob = 0.0, 0.5
    packed = _both(config)[1]
    pieces = _pieces(ROWS)
    still = run_packed(packed, pieces, ROWS, (-1,))
    assert run_packed(packed, pieces, ROWS, (-1,)).equal(still)
    packed.train()
    assert not run_packed(packed, pieces, ROWS, (-1,)).allclose(still, atol=1e-3)


@pytest.mark.parametrize(
    ("pooling", "expected"),
    [
        (Pooling.first, [1.0, 5.0, 2.0]),
        (Pooling.last, [3.0, 5.0, 3.0]),
        (Pooling.mean, [2.0, 5.0, 2.5]),
    ],
)
def test_pooling(pooling: Pooling, expected: list[float]) -> None:
    """Windows put words in any order, and a piece may belong to two."""
    vectors = torch.arange(6.0).unsqueeze(1)
    first, count = torch.tensor([1, 5, 2]), torch.tensor([3, 1, 2])
    assert read_words(vectors, first, count, pooling).squeeze(1).tolist() == expected


@pytest.mark.parametrize("pooling", list(Pooling))
def test_pooling_no_words(pooling: Pooling) -> None:
    none = torch.zeros(0, dtype=torch.long)
    assert read_words(torch.ones(4, 3), none, none, pooling).shape == (0, 3)


def test_row_limit() -> None:
    bert, roberta = _config("bert"), _config("roberta")
    assert row_limit(None, bert) == row_limit(40, bert) == 40
    assert row_limit(12, bert) == 12
    assert row_limit(None, roberta) == 38
    with pytest.raises(ConfigError, match=r"encoder.max_pieces: 39; at most 38"):
        row_limit(39, roberta)


def test_longest_row_fits() -> None:
    """The limit is what the positions really allow."""
    for family in sorted(FAMILIES):
        config = _config(family)
        rows = torch.tensor([row_limit(None, config)])
        for model, run in zip(_both(config), (run_padded, run_packed), strict=True):
            assert run(model, _pieces(rows), rows, (-1,)).isfinite().all()


def test_layers_are_counted_from_the_end() -> None:
    config = _config("bert")
    assert from_the_end([-1], config) == from_the_end([3], config) == (-1,)
    assert from_the_end([0, -2], config) == (-4, -2)


@pytest.mark.parametrize("layers", [[], [4], [-5], [-1, 3], [2, 2]])
def test_layers_that_are_not(layers: list[int]) -> None:
    with pytest.raises(ConfigError, match=r"encoder.layers: .*layers 0 .embeddings. to 3"):
        from_the_end(layers, _config("bert"))


def test_packing_only_where_proven() -> None:
    bert, deberta = _config("bert"), _config("deberta-v2")
    assert is_packed(None, bert) and is_packed(True, bert) and not is_packed(False, bert)
    assert not is_packed(None, deberta) and not is_packed(False, deberta)
    with pytest.raises(ConfigError, match=r"encoder.packed: .*'deberta-v2'; null, or one of bert"):
        is_packed(True, deberta)
