"""Task tokens: which rows a task has, what is trained of them, what goes along with weights."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch

from bioner.batches.batch import Batch
from bioner.batches.task_tokens import marked, markers_of
from bioner.batches.tokens import encode
from bioner.config.encoder import EncoderConfig, TaskTokens
from bioner.config.head import HeadConfig
from bioner.config.train import Carry
from bioner.corpora.sentence import Sentence
from bioner.corpora.tags import tag_set
from bioner.model.bank import HeadPerTask
from bioner.model.encoder_loading import load_encoder
from bioner.model.heads import LinearHead
from bioner.model.network import Network
from bioner.model.pretrained import Pretrained
from bioner.model.weights import load_weights
from tests.composition import train_config

TINY = train_config("finetune.targets=[demo_disease]", "encoder=tiny").encoder
TAGS = {"b.one": tag_set(["Gene", "Drug"]), "a": tag_set(["Drug"])}
SENTENCES = [Sentence(("Aspirin", "helps", "."), ("O",) * 3, 1), Sentence(("No",), ("O",), 2)]


def config(kind: str) -> EncoderConfig:
    return dataclasses.replace(TINY, task_tokens=TaskTokens(kind))


def network(kind: str, tags: Mapping[str, tuple[str, ...]] = TAGS, seed: int = 1) -> Network:
    pretrained = Pretrained(config(kind))
    torch.manual_seed(1)
    encoder = load_encoder(pretrained)
    encoder.mark(tags, seed)
    named = {task.replace(".", ""): names for task, names in tags.items()}
    bank = HeadPerTask(named, lambda _, names: LinearHead(32, names), HeadConfig("x"))
    bank.tags = dict(tags)
    return Network(encoder, bank).eval()


def batch(kind: str, task: str) -> Batch:
    pretrained = Pretrained(config(kind))
    encoded = encode(SENTENCES, ("O",), pretrained.tokenizer)
    return pretrained.window_for(TAGS).batch(task, encoded, np.arange(2))


def test_a_task_has_its_markers_inside_of_the_special_tokens() -> None:
    assert markers_of(TaskTokens.none, TAGS) == {}
    assert markers_of(TaskTokens.dataset, TAGS) == {"b.one": ("b.one",), "a": ("a",)}
    types = markers_of(TaskTokens.types, TAGS)
    assert types == {"b.one": ("Gene", "Drug"), "a": ("Drug",)}
    pretrained = Pretrained(TINY)
    first, plain = pretrained.model_config.vocab_size, pretrained.window
    window = marked(plain, types, first)
    before, after = plain.special.prefix, plain.special.suffix
    assert window.marked["a"].prefix == (*before, first)
    assert window.marked["a"].suffix == (first + 1, *after)
    assert window.marked["b.one"].prefix == (*before, first + 2, first)  # Drug comes before Gene
    assert window.room == plain.room - 4


@pytest.mark.parametrize("kind", ["dataset", "types"])
def test_markers_move_no_word_and_change_its_vector(kind: str) -> None:
    """Words keep their number and their order; the batch of no task but its own is read so."""
    plain, own = batch("none", "a"), batch(kind, "a")
    assert own.words.equal(plain.words) and own.count.equal(plain.count)
    assert own.pieces[own.first].equal(plain.pieces[plain.first])
    model = network(kind)
    one, other = (model.encoder(batch(kind, task)) for task in TAGS)
    without = network("none").encoder(plain)
    assert one.shape == other.shape == without.shape
    assert not torch.allclose(one, other) and not torch.allclose(other, without)


def test_markers_are_trained_also_where_the_rest_is_frozen() -> None:
    model = network("dataset")
    names = [n for n, _ in model.encoder.named_parameters() if ".markers." in n]
    assert [n.rsplit(".", 2)[1] for n in names] == ["of_a", "of_b%2Eone"]
    model.encoder(batch("dataset", "a")).sum().backward()
    moved = {n: bool(p.grad.any()) for n, p in model.encoder.named_parameters() if n in names}
    assert [*moved.values()] == [True, False]
    assert network("dataset", seed=2).state_dict().keys() == model.state_dict().keys()
    first, second = (network("dataset", seed=s).state_dict()[f"encoder.{names[0]}"] for s in (1, 2))
    assert not first.equal(second)


def test_a_stage_takes_over_the_markers_that_it_has_too(tmp_path: Path) -> None:
    earlier = network("types", seed=3)
    file = tmp_path / "weights.safetensors"
    earlier.save(file, ["a"])
    held = [name for name in load_weights(file).tensors if ".markers." in name]
    assert [name.rsplit(".", 2)[1] for name in held] == ["of_Drug"]  # the others are not a's
    later = network("types", {"c": tag_set(["Drug", "Disease"])})
    before = dict(later.state_dict())
    fresh = before[held[0].replace("of_Drug", "of_Disease")].clone()
    later.carry(load_weights(file), Carry.encoder)
    now = later.state_dict()
    assert now[held[0]].equal(earlier.state_dict()[held[0]])
    assert now[held[0].replace("of_Drug", "of_Disease")].equal(fresh)
    other = network("types", {"d": tag_set(["Disease"])})
    other.carry(load_weights(file), Carry.encoder)  # which has no such marker
