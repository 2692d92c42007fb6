"""Adapters of peft: what is trained, and that merging them changes no vector."""

import pytest
import torch
from transformers import BertConfig, BertModel

from bioner.errors import ConfigError
from bioner.model.adapter import Adapter
from bioner.model.peft_adapters import Ia3, Lora

pytest.importorskip("peft", reason="the extra adapters is not installed")

MAKE = {
    "lora": lambda: Lora(r=4, lora_alpha=8),
    "dora": lambda: Lora(r=4, use_dora=True),
    "ia3": lambda: Ia3(),
}


def transformer() -> BertModel:
    torch.manual_seed(1)
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    return BertModel(BertConfig(**sizes, intermediate_size=64, vocab_size=100)).eval()


@pytest.mark.parametrize("kind", MAKE)
def test_merging_changes_no_vector(kind: str) -> None:
    adapter: Adapter = MAKE[kind]()
    model = transformer()
    names = {*model.state_dict()}
    pieces = torch.arange(18).view(2, 9)
    plain = model(pieces).last_hidden_state
    adapter.insert(model)
    torch.testing.assert_close(model(pieces).last_hidden_state, plain)  # nothing learnt so far
    trained = {name: p for name, p in model.named_parameters() if p.requires_grad}
    assert trained and not names & {*trained}
    for parameter in trained.values():
        torch.nn.init.normal_(parameter, 0.5, 0.2)
    adapted = model(pieces).last_hidden_state
    assert not torch.allclose(adapted, plain)
    adapter.merge(model)
    assert {*model.state_dict()} == names
    torch.testing.assert_close(model(pieces).last_hidden_state, adapted, rtol=0, atol=1e-5)


def test_what_cannot_be_is_said() -> None:
    with pytest.raises(ConfigError, match=r"adapter\.options\.targets: .*nix.*such as \[query"):
        Lora(targets=["nix"]).insert(transformer())
    with pytest.raises(ConfigError, match=r"adapter\.options\.rank: peft\..*LoraConfig takes no"):
        Lora(rank=3)
