"""The sample of words, and one vector for each of them."""

import numpy as np
import pytest
import torch

from bioner.batches.scored import ScoredBatches, Shard
from bioner.batches.tokenizer import special_tokens
from bioner.batches.tokens import Encoded, encode
from bioner.batches.window import Window
from bioner.corpora.catalogue import Corpus, load_corpus
from bioner.model.encoder import Encoder
from bioner.model.encoder_loading import load_encoder
from bioner.model.heads import LinearHead
from bioner.model.pretrained import Pretrained
from bioner.transferability.embeddings import (
    mean_discrepancy,
    mention_cosine,
    proxy_a_distance,
    sentence_cosine,
    token_cosine,
)
from bioner.transferability.label_mapping import knn_mentions, label_nmi_nearest
from bioner.transferability.registry import NotDefinedError, measures
from bioner.transferability.word_sample import Tokens, draw, read
from tests.composition import train_config


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    config = train_config("finetune.targets=[demo_disease]").dataset["demo_disease"]
    return load_corpus("demo_disease", config, tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def parts(corpus: Corpus) -> tuple[Encoder, Encoded, Window]:
    config = train_config("finetune.targets=[demo_disease]", "encoder=tiny").encoder
    torch.manual_seed(0)
    pretrained = Pretrained(config)
    tokenizer = pretrained.tokenizer
    encoded = encode(corpus.splits["train"].sentences, corpus.tags, tokenizer)
    return load_encoder(pretrained), encoded, Window(special_tokens(tokenizer), 64, 8)


def test_the_sample(parts: tuple[Encoder, Encoded, Window]) -> None:
    _, encoded, _ = parts
    used = np.arange(240)
    sample = draw(encoded, used, 600, seed=1)
    assert len(set(sample.sentences)) == len(sample.sentences)
    lengths = encoded.sentence_words[sample.sentences]
    half = sample.at_random
    assert lengths[:half].sum() <= 300 and lengths[half:].sum() <= 300
    for i in sample.sentences[half:]:
        assert (encoded.tags[encoded.word_starts[i] : encoded.word_starts[i + 1]] > 0).any()
    again = draw(encoded, used, 600, seed=1)
    assert np.array_equal(sample.sentences, again.sentences)
    assert not np.array_equal(sample.sentences, draw(encoded, used, 600, seed=2).sentences)
    # A larger sample begins as the smaller does.
    larger = draw(encoded, used, 900, seed=1)
    assert np.array_equal(larger.sentences[:half], sample.sentences[:half])
    assert set(draw(encoded, used[:20], 10**6, seed=1).sentences) == set(range(20))


def test_vectors_are_those_of_the_model(parts: tuple[Encoder, Encoded, Window]) -> None:
    encoder, encoded, window = parts
    head = LinearHead(encoder.hidden, ("O", "B-Disease", "I-Disease")).eval()
    sample = draw(encoded, np.arange(240), 10**6, seed=1)
    tokens = read(encoder, head.marginals, encoded, sample, window)
    assert tokens.probabilities.sum(axis=1) == pytest.approx(1, abs=1e-5)
    order = np.argsort(sample.sentences)
    for batch in ScoredBatches("x", encoded, np.arange(240), window, Shard()):
        with torch.inference_mode():
            vectors = encoder(batch).numpy()
        for i, vector, tag in zip(
            batch.index.tolist(),
            np.split(vectors, np.cumsum(batch.words.numpy())[:-1]),
            np.split(batch.tags.numpy(), np.cumsum(batch.words.numpy())[:-1]),
            strict=True,
        ):
            mine = tokens.sentence == order[i]
            assert np.allclose(tokens.vectors[mine], vector, atol=1e-5)
            assert np.array_equal(tokens.tags[mine], tag)
        break


def tokens_of(vectors: np.ndarray, tags: list[int], length: int = 2) -> Tokens:
    words = len(vectors)
    return Tokens(
        vectors.astype(np.float32),
        np.array(tags),
        np.arange(words) // length,
        np.ones(words, dtype=bool),
        np.zeros((words, 0), dtype=np.float32),
    )


def test_by_hand() -> None:
    one = tokens_of(np.array([[1.0, 0], [1, 0], [3, 0], [1, 4]]), [0, 0, 0, 1])
    other = tokens_of(np.array([[0.0, 1], [0, 1], [0, 1], [0, 1]]), [0, 1, 0, 1])
    assert token_cosine(one, other) == pytest.approx(1 / np.sqrt(1.5**2 + 1))
    assert sentence_cosine(one, other) == pytest.approx(1 / np.sqrt(1.5**2 + 1))
    # Less the mean of both sides' means, (0.75, 1): (0.25, 3) and (-0.75, 0).
    assert mention_cosine(one, other) == pytest.approx(-0.25 / np.hypot(0.25, 3))
    # Sentences (1, 0), (2, 2) and (0, 1), (0, 1): squared distances 5, 2, 2, 5, 5, 0; median 3.5.
    kernel = {d: np.exp(-d / 3.5) for d in (0, 2, 5)}
    expected = (2 + 2 * kernel[5]) / 4 + (2 + 2) / 4 - 2 * (2 * kernel[2] + 2 * kernel[5]) / 4
    assert mean_discrepancy(one, other) == pytest.approx(expected)
    # Nearest by cosine: (0, 1) is nearest to (1, 4), a mention; one label alone tells nothing.
    assert label_nmi_nearest(one, other) == 0


def test_neighbours_vote_by_hand() -> None:
    ring = np.array([[1.0, 0], [1, 0.1], [1, -0.1], [0, 1], [0.1, 1], [-0.1, 1]])
    source = tokens_of(ring, [1, 1, 0, 0, 0, 0])
    target = tokens_of(np.array([[1.0, 0], [0, 1], [1, 0.05]]), [1, 1, 0])
    # Five of six words are always near: (1, 0) and (1, 0.05) see two mentions of five.
    assert knn_mentions(source, target) == 0
    near = tokens_of(np.repeat(ring, 5, axis=0), np.repeat([1, 1, 1, 0, 0, 0], 5).tolist())
    # The first and third are said to be mentions, the first and second are: one of two each.
    assert knn_mentions(near, target) == pytest.approx(0.5)
    few = tokens_of(ring[:2], [1, 1])
    assert knn_mentions(few, target) == pytest.approx(2 * 2 / (3 + 2))


def test_domains_far_apart_and_the_same() -> None:
    random = np.random.default_rng(0)
    one, same = (tokens_of(random.normal(size=(400, 5)), [0, 1] * 200) for _ in range(2))
    far = tokens_of(random.normal(size=(400, 5)) + 5, [0, 1] * 200)
    assert proxy_a_distance(one, far) == pytest.approx(2)
    assert proxy_a_distance(one, same) < 0.5
    assert mean_discrepancy(one, same) < 0.05 < 0.5 < mean_discrepancy(one, far)


def test_symmetry_is_as_said_and_a_dataset_is_closest_to_itself() -> None:
    random = np.random.default_rng(1)
    one = tokens_of(random.normal(size=(60, 4)), [0, 1, 2] * 20)
    other = tokens_of(random.normal(0.5, 1, size=(40, 4)), [0, 1] * 20)
    for measure in measures().values():
        if measure.reads is Tokens:
            there, back = measure.function(one, other), measure.function(other, one)
            assert (there == pytest.approx(back, abs=1e-6)) == measure.symmetric, measure.name
            own = measure.closeness(measure.function(one, one))
            assert own >= measure.closeness(there) - 1e-6, measure.name


def test_without_mentions() -> None:
    plain = tokens_of(np.ones((4, 2)), [0] * 4)
    with pytest.raises(NotDefinedError, match="no mention"):
        mention_cosine(plain, plain)
    assert label_nmi_nearest(plain, plain) == 0
    assert knn_mentions(plain, plain) == 0
