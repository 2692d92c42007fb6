"""One backward pass over a sample of a dataset: its Fisher information and mean gradient."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from bioner.batches.batch import Batch
from bioner.batches.tokens import Encoded
from bioner.batches.window import Window
from bioner.model.encoder import Encoder
from bioner.model.heads import LinearHead
from bioner.transferability.gradients import Gradients
from bioner.transferability.word_sample import Sample, Tokens

# Sentences in a batch: the squared gradient of a batch's mean stands for that of its sentences.
_SENTENCES = 4
# Entries of a sketch: a cosine is kept to about one over the root of these.
_SKETCH = 1 << 20
_HEAD_STEPS = 200


class Sketch:
    """A linear map of gradients to fewer numbers that keeps inner products in the mean.

    Each entry is added, with a random sign, to one random entry of the sketch (Charikar et al.
    2002, the count sketch). The same seed gives the same map, so sketches of datasets compare.

    Args:
        seed: of signs and places.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def add(self, sketch: Tensor, number: int, gradient: Tensor) -> None:
        """Add the gradient of one parameter to a sketch.

        Args:
            sketch: Float [sketch].
            number: of the parameter.
            gradient: of any shape.
        """
        random = torch.Generator().manual_seed((self._seed << 16) + number)
        size = gradient.numel()
        place = torch.randint(len(sketch), (size,), generator=random)
        sign = torch.randint(2, (size,), generator=random).mul_(2).sub_(1).to(gradient.dtype)
        sketch.index_add_(0, place, gradient.reshape(-1) * sign)


def fit_head(tokens: Tokens, tags: tuple[str, ...], seed: int) -> LinearHead:
    """Fit a linear head to frozen vectors by full-batch Adam; the loss is the mean over words."""
    torch.manual_seed(seed)
    vectors = torch.from_numpy(tokens.vectors)
    head = LinearHead(vectors.shape[1], tags, dropout=0.0)
    scale = float(vectors.square().mean().sqrt()) or 1.0
    optimizer = torch.optim.Adam(head.parameters(), lr=0.05 / scale)
    gold, lengths = torch.from_numpy(tokens.tags), torch.tensor([len(tokens.tags)])
    for _ in range(_HEAD_STEPS):
        optimizer.zero_grad()
        head.loss(vectors, lengths, gold).backward()
        optimizer.step()
    return head


def push(
    encoder: Encoder, head: LinearHead, encoded: Encoded, sample: Sample, window: Window, seed: int
) -> Gradients:
    """Run a sample backwards: tags drawn from the head for the Fisher, gold tags for the mean.

    The Fisher information is the mean squared gradient of the log-likelihood of tags that the
    model itself draws (Task2Vec, Eq. 2), here of batches of four sentences. Dropout is off, and
    the weights stay as they are.
    """
    encoder.eval()
    head.eval()
    named = [p for p in encoder.parameters() if p.requires_grad]
    random = torch.Generator().manual_seed(seed)
    squares = [torch.zeros(_units(p)) for p in named]
    total = [torch.zeros_like(p) for p in named]
    count = 0
    for batch in _batches(encoded, sample, window):
        vectors = encoder(batch)
        drawn = torch.multinomial(
            head.marginals(vectors.detach(), batch.words), 1, generator=random
        )[:, 0]
        own = torch.autograd.grad(head.loss(vectors, batch.words, drawn), named, retain_graph=True)
        gold = torch.autograd.grad(head.loss(vectors, batch.words, batch.tags), named)
        for i, (one, other) in enumerate(zip(own, gold, strict=True)):
            squares[i] += one.square().reshape(len(squares[i]), -1).mean(dim=1)
            total[i] += other
        count += 1
    sketch, mapping = torch.zeros(_SKETCH), Sketch(seed)
    for number, gradient in enumerate(total):
        mapping.add(sketch, number, gradient / count)
    fisher = torch.cat(squares).div(count)
    return Gradients(fisher.double().numpy(), sketch.double().numpy())


def _units(parameter: Tensor) -> int:
    """Return the rows of a matrix; the embeddings, of which each word feels one row, count as one.

    As Task2Vec takes the mean over a filter.
    """
    return len(parameter) if parameter.ndim == 2 and len(parameter) < 10_000 else 1


def _batches(encoded: Encoded, sample: Sample, window: Window) -> Iterator[Batch]:
    for places in np.array_split(sample.sentences, max(1, len(sample.sentences) // _SENTENCES)):
        batch = window.batch("sample", encoded, places)
        if len(batch.tags):
            yield batch
