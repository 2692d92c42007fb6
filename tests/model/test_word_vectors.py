"""Vectors of a frozen encoder: those of the network, in the order asked for, kept on disk."""

from pathlib import Path

import numpy as np
import pytest
import torch

from bioner.batches.tokens import encode
from bioner.batches.window import Window
from bioner.corpora.sentence import Sentence
from bioner.model import word_vectors
from bioner.model.encoder import Encoder
from bioner.model.encoder_loading import load_encoder
from bioner.model.pretrained import Pretrained
from bioner.model.word_vectors import cached_words, read_words
from tests.composition import train_config

SENTENCES = [
    Sentence(("BRCA1", "is", "a", "gene", "."), ("B-Gene", "O", "O", "O", "O"), 1),
    Sentence(("\u200b",), ("O",), 2),  # no piece
    Sentence(("tumour", "necrosis", "factor"), ("B-Gene", "I-Gene", "I-Gene"), 3),
    Sentence(tuple(["long"] * 30), ("O",) * 30, 4),
]
TAGS = ("O", "B-Gene", "I-Gene")


@pytest.fixture(scope="module")
def made() -> tuple[Encoder, word_vectors.Encoded, Window]:
    pretrained = Pretrained(train_config("encoder=tiny", "finetune.targets=[s800]").encoder)
    torch.manual_seed(1)
    special = pretrained.window.special
    return (
        load_encoder(pretrained),
        encode(SENTENCES, TAGS, pretrained.tokenizer),
        Window(special, 16, 4),
    )


def test_are_those_of_each_sentence_in_the_order_asked_for(made) -> None:
    encoder, encoded, window = made
    order = np.array([3, 0, 1, 2])
    found = read_words(encoder, encoded, order, window)
    assert found.lengths.tolist() == [30, 5, 0, 3]
    assert found.tags.tolist() == [0] * 30 + [1, 0, 0, 0, 0] + [1, 2, 2]
    assert encoder.training  # as it was
    encoder.eval()
    with torch.no_grad():
        alone = [encoder(window.batch("", encoded, np.array([i]))) for i in order]
    encoder.train()
    np.testing.assert_allclose(found.vectors, torch.cat(alone).numpy(), atol=1e-5)


def test_are_read_once(made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder, encoded, window = made
    first = cached_words(tmp_path, {"pooling": "a"}, encoder, encoded, np.array([0, 2]), window)
    real, reads = read_words, []

    def counted(*args):
        reads.append(args)
        return real(*args)

    monkeypatch.setattr(word_vectors, "read_words", counted)
    again = cached_words(tmp_path, {"pooling": "a"}, encoder, encoded, np.array([0, 2]), window)
    assert not reads
    assert np.array_equal(first.vectors, again.vectors)
    for key, sentences, other in (
        ({"pooling": "b"}, [0, 2], window),
        ({"pooling": "a"}, [0, 3], window),
        ({"pooling": "a"}, [0, 2], Window(window.special, 12, 4)),
    ):
        cached_words(tmp_path, key, encoder, encoded, np.array(sentences), other)
    assert len(reads) == 3
    with torch.no_grad():
        next(encoder.parameters()).add_(0.01)  # as after a stage
    cached_words(tmp_path, {"pooling": "a"}, encoder, encoded, np.array([0, 2]), window)
    assert len(reads) == 4
