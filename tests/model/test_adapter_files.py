"""Weights of an adapted encoder: small, whole with the pretrained files, and with no others."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from bioner.config.encoder import AdapterConfig
from bioner.config.head import HeadConfig
from bioner.config.train import Carry
from bioner.corpora.tags import tag_set
from bioner.errors import UserError
from bioner.model.bank import HeadPerTask
from bioner.model.encoder_loading import load_encoder
from bioner.model.heads import LinearHead
from bioner.model.network import Network
from bioner.model.pretrained import Pretrained
from bioner.model.weights import Weights, load_weights
from tests.composition import train_config

pytest.importorskip("peft", reason="the extra adapters is not installed")

MINILM = train_config("finetune.targets=[demo_disease]", "encoder=minilm").encoder
LORA = AdapterConfig("lora", {"r": 2, "lora_alpha": 4, "targets": ["query"]})


def network(seed: int, **changes: object) -> Network:
    config = replace(MINILM, adapter=LORA, **changes)  # type: ignore[arg-type]
    torch.manual_seed(seed)
    encoder = load_encoder(Pretrained(config))
    tags = {"a": tag_set(["Gene"])}
    make = HeadPerTask(tags, lambda _, names: LinearHead(encoder.hidden, names), HeadConfig("x"))
    return Network(encoder, make).eval()


def test_a_file_holds_the_adapter_and_the_heads_alone(tmp_path: Path) -> None:
    one, file = network(1), tmp_path / "a.safetensors"
    for parameter in one.encoder.parameters():
        if parameter.requires_grad:
            torch.nn.init.normal_(parameter, std=0.3)
    one.save(file, ["a"])
    held = load_weights(file)
    assert {n.split(".")[0] for n in held.tensors} == {"encoder", "heads"}
    assert all("lora_" in name for name in held.tensors if name.startswith("encoder."))
    assert file.stat().st_size < 100_000 < sum(p.numel() for p in one.parameters())
    assert held.base == Pretrained(MINILM).fingerprint
    wanted = one.state_dict()
    for other in (network(2), network(3)):
        assert not all(tensor.equal(wanted[name]) for name, tensor in other.state_dict().items())
        (other.load(held), other.carry(held, Carry.encoder_and_matching_heads))
        assert all(tensor.equal(wanted[name]) for name, tensor in other.state_dict().items())
    strange = Weights(file, held.tensors, held.tags, "another")
    for put in (one.load, lambda weights: one.carry(weights, Carry.encoder)):
        with pytest.raises(UserError, match=r"a\.safetensors: is an adapter of other pretrained"):
            put(strange)


def test_random_weights_are_in_no_other_file(tmp_path: Path) -> None:
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    scratch = network(1, from_scratch={**sizes, "intermediate_size": 16})
    file = tmp_path / "a.safetensors"
    scratch.save(file, ["a"])
    held = load_weights(file)
    assert held.base is None and held.tensors.keys() == scratch.state_dict().keys()
