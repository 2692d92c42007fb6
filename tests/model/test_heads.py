"""LinearHead, and what every head must do."""

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from omegaconf import OmegaConf

from bioner.config.build import build_with_options
from bioner.config.head import HeadConfig
from bioner.model.crf import CrfHead
from bioner.model.heads import Head, LinearHead

TAGS = ("O", "B-Gene", "I-Gene", "B-Disease", "I-Disease")
HEADS = Path(__file__).parents[2] / "conf" / "head"


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


@pytest.fixture(params=[LinearHead, CrfHead])
def head(request: pytest.FixtureRequest) -> Head:
    return request.param(8, TAGS)


def test_loss_is_the_mean_cross_entropy() -> None:
    head = LinearHead(8, TAGS).eval()
    words, tags = torch.randn(6, 8), torch.tensor([0, 1, 2, 3, 4, 0])
    scores = words @ head.linear.weight.T + head.linear.bias
    loss = head.loss(words, torch.tensor([2, 4]), tags)
    torch.testing.assert_close(loss, F.cross_entropy(scores, tags))


def test_linear_decode_and_marginals() -> None:
    head = LinearHead(8, TAGS).eval()
    words, lengths = torch.randn(6, 8), torch.tensor([2, 4])
    marginals = head.marginals(words, lengths)
    assert head.decode(words, lengths).equal(marginals.argmax(-1))
    torch.testing.assert_close(marginals.sum(-1), torch.ones(6))


def test_starts_as_bert_does(head: Head) -> None:
    wide = type(head)(5000, TAGS)
    assert wide.linear.weight.std().item() == pytest.approx(0.02, rel=0.05)
    assert not wide.linear.bias.any()


def test_dropout_only_in_training() -> None:
    head = LinearHead(400, TAGS, dropout=0.5)
    words = torch.ones(1, 400)
    assert not head.emissions(words).equal(head.emissions(words))
    head.eval()
    assert head.emissions(words).equal(head.emissions(words))


@pytest.mark.parametrize("lengths", [[], [0, 0]])
def test_no_words(head: Head, lengths: list[int]) -> None:
    words = torch.zeros(0, 8, requires_grad=True)
    sentences, nothing = torch.tensor(lengths).long(), torch.zeros(0, dtype=torch.long)
    loss = head.loss(words, sentences, nothing)
    assert loss.item() == 0.0
    loss.backward()
    for name, parameter in head.named_parameters():
        assert parameter.grad is not None and not parameter.grad.any(), name
    assert head.decode(words, sentences).shape == (0,)
    assert head.marginals(words, sentences).shape == (0, len(TAGS))


def test_autocast_changes_nothing(head: Head) -> None:
    head.eval()
    words, lengths = torch.randn(6, 8), torch.tensor([2, 4])
    tags = torch.tensor([0, 1, 1, 2, 3, 4])
    precise = head.loss(words, lengths, tags)
    assert head.emissions(words).equal(F.linear(words, head.linear.weight, head.linear.bias))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert head.loss(words, lengths, tags).equal(precise)
        assert head.loss(words.bfloat16(), lengths, tags).dtype == torch.float32


def test_half_precision_weights_are_scored_in_float32(head: Head) -> None:
    words, lengths = torch.randn(6, 8).bfloat16(), torch.tensor([2, 4])
    assert head.bfloat16().loss(words, lengths, torch.zeros(6).long()).dtype == torch.float32


@pytest.mark.parametrize(("name", "kind"), [("linear", LinearHead), ("crf", CrfHead)])
def test_config_builds_the_head(name: str, kind: type[Head]) -> None:
    group = OmegaConf.merge(
        OmegaConf.structured(HeadConfig), OmegaConf.load(HEADS / f"{name}.yaml")
    )
    head = build_with_options("head", Head, OmegaConf.to_object(group), hidden=8, tags=TAGS)
    assert type(head) is kind
    assert head.tags == TAGS
    assert head.dropout.p == 0.1
