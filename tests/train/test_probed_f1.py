"""The devel F1 of a probe: that of the network, counted once for equal weights and sentences."""

from pathlib import Path

import numpy as np
import pytest
import torch

from bioner.batches.scored import ScoredBatches
from bioner.batches.tokens import Encoded, encode
from bioner.batches.window import Window
from bioner.corpora.sentence import Sentence
from bioner.model.bank import HeadPerTask
from bioner.model.encoder_loading import load_encoder
from bioner.model.heads import LinearHead
from bioner.model.network import Network
from bioner.model.pretrained import Pretrained
from bioner.train import probed_f1 as module
from bioner.train.probed_f1 import probed_f1
from tests.composition import train_config
from tests.model.toys import LINEAR

TAGS = ("O", "B-Gene", "I-Gene")
SENTENCES = [
    Sentence(("BRCA1", "is", "a", "gene", "."), ("B-Gene", "O", "O", "O", "O"), 1),
    Sentence(("\u200b", "p53"), ("B-Gene", "B-Gene"), 2),  # the first has no piece
]
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def made() -> tuple[Network, Encoded, Window]:
    pretrained = Pretrained(train_config("encoder=tiny", "finetune.targets=[s800]").encoder)
    torch.manual_seed(1)
    encoder = load_encoder(pretrained)
    bank = HeadPerTask({"a": TAGS}, lambda _, tags: LinearHead(encoder.hidden, tags), LINEAR)
    return Network(encoder, bank), encode(SENTENCES, TAGS, pretrained.tokenizer), pretrained.window


def says(network: Network, tag: int) -> None:
    """Make the head of a network say one tag for every word."""
    head = network.heads["a"].linear  # type: ignore[union-attr]
    with torch.no_grad():
        head.weight.zero_()  # type: ignore[operator]
        head.bias.copy_(torch.eye(3)[tag])  # type: ignore[operator]


def test_counts_each_network_once(
    made: tuple[Network, Encoded, Window], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network, encoded, window = made
    passes: list[str] = []

    class Noted(ScoredBatches):
        def __iter__(self):  # type: ignore[no-untyped-def]
            passes.append(self.task)
            return super().__iter__()

    monkeypatch.setattr(module, "ScoredBatches", Noted)

    def f1(*sentences: int) -> float:
        devel = (encoded, np.array(sentences))
        return probed_f1(tmp_path, {}, network, "a", devel, window, CPU)

    says(network, 1)
    # Seven words, three mentions; six are marked, of which two are right.
    assert f1(0, 1) == f1(0, 1) == pytest.approx(2 * (2 / 6) * (2 / 3) / (2 / 6 + 2 / 3))
    assert len(passes) == 1 and network.training
    assert f1(1) == pytest.approx(2 * 1 * 0.5 / 1.5)  # other sentences
    says(network, 0)
    assert f1(0, 1) == 0.0  # another head
    assert len(passes) == 3
