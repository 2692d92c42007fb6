"""A sample of a dataset's training words with one vector each: one encoder pass for all measures.

The sample of a dataset is the same for every encoder and every pair, so values compare.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray

from bioner.batches.batch import Batch
from bioner.batches.tokens import Encoded
from bioner.batches.window import Window
from bioner.model.encoder import Encoder

# From word vectors and sentence lengths to the probability of each tag (`Head.marginals`).
Score = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]

# Pieces in one pass, special tokens not counted.
_PASS_PIECES = 4096


@dataclass(frozen=True)
class Sample:
    """Whole sentences of a train split, in a seeded order.

    The first half of the words comes from sentences drawn at random; the second from the sentences
    with a mention that the first half left, so that a corpus with few mentions shows enough of
    them. Measures of all words read the first half alone.

    Attributes:
        sentences: their indices, [sentences].
        at_random: how many of them, the first ones, make the first half.
    """

    sentences: NDArray[np.int64]
    at_random: int


def draw(encoded: Encoded, used: NDArray[np.integer], words: int, seed: int) -> Sample:
    """Draw a sample.

    Args:
        encoded: the train split.
        used: the indices of its sentences that may be seen.
        words: of the sample, at most, though a half is at least one sentence.
        seed: of the order.
    """
    order = np.random.default_rng(seed).permutation(np.asarray(used, dtype=np.int64))
    first = _fill(encoded, order, words // 2)
    rest = order[len(first) :]
    starts = encoded.word_starts
    mentions = np.concatenate([[0], np.cumsum(encoded.tags > 0)])
    with_mention = rest[mentions[starts[rest + 1]] > mentions[starts[rest]]]
    return Sample(np.concatenate([first, _fill(encoded, with_mention, words // 2)]), len(first))


def _fill(encoded: Encoded, order: NDArray[np.int64], words: int) -> NDArray[np.int64]:
    total = np.cumsum(encoded.sentence_words[order])
    return order[: max(1, int(np.searchsorted(total, words, side="right")))]


@dataclass(frozen=True)
class Tokens:
    """The sampled words that the tokenizer has pieces for, sentence after sentence.

    Attributes:
        vectors: float32 [words, hidden].
        tags: gold tag ids, O is 0, int64 [words].
        sentence: number of the sentence in the sample, int64 [words].
        at_random: whether the word belongs to the half drawn at random, bool [words].
        probabilities: of the head's tags, float32 [words, tags of the head]; no column without one.
    """

    vectors: NDArray[np.float32]
    tags: NDArray[np.int64]
    sentence: NDArray[np.int64]
    at_random: NDArray[np.bool_]
    probabilities: NDArray[np.float32]

    @property
    def types(self) -> NDArray[np.int64]:
        """The entity type of each word by its number, 0 for O, [words]."""
        return (self.tags + 1) // 2

    @cached_property
    def sentence_vectors(self) -> NDArray[np.float32]:
        """The mean vector of each sentence of the half drawn at random, [sentences, hidden]."""
        chosen = np.flatnonzero(self.at_random)
        _, starts = np.unique(self.sentence[chosen], return_index=True)
        sums = np.add.reduceat(self.vectors[chosen], starts, axis=0)
        return (sums / np.diff([*starts, len(chosen)])[:, None]).astype(np.float32)


@torch.inference_mode()
def read(
    encoder: Encoder,
    score: Score | None,
    encoded: Encoded,
    sample: Sample,
    window: Window,
    device: torch.device | str = "cpu",
) -> Tokens:
    """Run the encoder, and a head where one is given, over a sample.

    Args:
        encoder: is left in evaluation mode and on the device.
        score: a head's marginals, of a head on the device; None gives no probabilities.
        encoded: the train split.
        sample: of it.
        window: how rows are cut.
        device: where it is computed.
    """
    encoder.eval().to(device)
    parts: dict[int, tuple[np.ndarray, np.ndarray, np.ndarray]] = {}
    for places in _passes(encoded, sample):
        batch = window.batch("sample", encoded, sample.sentences[places]).to(device)
        vectors = encoder(batch)
        scores = vectors.new_zeros(len(vectors), 0)
        if score is not None:
            scores = score(vectors, batch.words)
        parts |= _by_sentence(places, batch, vectors, scores)
    ordered = [parts[place] for place in range(len(sample.sentences))]
    vectors_of, tags_of, scores_of = zip(*ordered, strict=True)
    sentence = np.repeat(np.arange(len(ordered)), [len(tags) for tags in tags_of])
    return Tokens(
        np.concatenate(vectors_of),
        np.concatenate(tags_of),
        sentence,
        sentence < sample.at_random,
        np.concatenate(scores_of),
    )


def _passes(encoded: Encoded, sample: Sample) -> list[NDArray[np.intp]]:
    """Cut the places of the sample's sentences into passes of similar lengths."""
    lengths = encoded.sentence_pieces[sample.sentences]
    order = np.argsort(lengths, kind="stable")
    number = np.cumsum(lengths[order]) // _PASS_PIECES
    return np.split(order, np.flatnonzero(np.diff(number)) + 1)


def _by_sentence(
    places: NDArray[np.intp], batch: Batch, vectors: torch.Tensor, scores: torch.Tensor
) -> dict[int, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    cuts = np.cumsum(batch.words.cpu().numpy())[:-1]
    split = [
        np.split(one.float().cpu().numpy() if one.is_floating_point() else one.cpu().numpy(), cuts)
        for one in (vectors, batch.tags, scores)
    ]
    return {int(p): (v, t, s) for p, v, t, s in zip(places, *split, strict=True)}
