"""Backward passes, one a word: how the encoder's weights move what a head says of it."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bioner.batches.tokens import Encoded
from bioner.batches.window import Window
from bioner.model.encoder import Encoder
from bioner.model.heads import LinearHead
from bioner.transferability.linearised import Linearised
from bioner.transferability.word_sample import Sample

# Words of a dataset, one of a mention and one that is O from each sentence.
WORDS = 512
# A weight matrix is projected to so many rows and columns.
_SIDE = 8


class Projection:
    """A linear map of the gradients of weight matrices to fewer numbers.

    It keeps inner products in the mean. A gradient G is multiplied from both sides by matrices of
    random signs, A G B, which needs neither a place nor a sign for each weight. Vectors (biases,
    norms) and embeddings are left out.

    Args:
        encoder: whose weight matrices count.
        seed: of the signs. The same seed gives the same map, so projections of datasets compare.

    Attributes:
        parameters: the weight matrices that count.
        sides: A, Float [8, rows], and B, Float [columns, 8], of each.
    """

    def __init__(self, encoder: Encoder, seed: int) -> None:
        embeddings = {id(m.weight) for m in encoder.modules() if isinstance(m, torch.nn.Embedding)}
        self.parameters = [
            p
            for p in encoder.parameters()
            if p.requires_grad and p.ndim == 2 and id(p) not in embeddings
        ]
        random = torch.Generator().manual_seed(seed)
        self.sides = [
            (_signs(_SIDE, p.shape[0], random), _signs(p.shape[1], _SIDE, random))
            for p in self.parameters
        ]

    def __call__(self, value: Tensor) -> Tensor:
        """Return the projected gradient of a scalar, Float [matrices * 64]."""
        gradients = torch.autograd.grad(value, self.parameters, retain_graph=True)
        pairs = zip(self.sides, gradients, strict=True)
        return torch.cat([(left @ g @ right).flatten() for (left, right), g in pairs])


def _signs(rows: int, columns: int, random: torch.Generator) -> Tensor:
    """Return random signs over the root of the projected length, Float [rows, columns]."""
    signs = torch.randint(2, (rows, columns), generator=random).mul(2.0).sub(1.0)
    return signs / _SIDE**0.5


def linearise(
    encoder: Encoder, head: LinearHead, encoded: Encoded, sample: Sample, window: Window, seed: int
) -> Linearised:
    """Return the margins of a sample's words and their projected gradients.

    One word of a mention and one that is O are drawn from each sentence, as far as it has them.
    Dropout is off, and the weights stay as they are.
    """
    encoder.eval()
    head.eval()
    projection = Projection(encoder, seed)
    random = np.random.default_rng(seed)
    margins, slopes, sentences = list[float](), list[Tensor](), list[int]()
    for sentence in sample.sentences:
        batch = window.batch("sample", encoded, np.array([sentence]))
        words = _drawn(batch.tags.numpy(), random)
        if not len(words):
            continue
        of_words = _margins(head.emissions(encoder(batch)), batch.tags)[words]
        margins += of_words.tolist()
        slopes += [projection(one) for one in of_words]
        sentences += [int(sentence)] * len(words)
        if len(margins) >= WORDS:
            break
    return Linearised(
        np.array(margins, np.float32), torch.stack(slopes).numpy(), np.array(sentences)
    )


def _drawn(tags: NDArray[np.int64], random: np.random.Generator) -> NDArray[np.int64]:
    """Return the places of a word in a mention and of one that is O, as far as there are any."""
    kinds = (np.flatnonzero(tags > 0), np.flatnonzero(tags == 0))
    return np.array([random.choice(places) for places in kinds if len(places)], np.int64)


def _margins(scores: Tensor, tags: Tensor) -> Tensor:
    """Return the log-odds of the gold tags, log p - log (1 - p), Float [words].

    Args:
        scores: of each tag, Float [words, tags].
        tags: the gold ones, Long [words].
    """
    gold = scores.gather(1, tags[:, None])[:, 0]
    others = scores.scatter(1, tags[:, None], -torch.inf)
    return gold - others.logsumexp(dim=1)
