"""Measures of the gradients that a dataset sends into the untrained encoder.

Each takes the `Gradients` of the source and of the target (`bioner.transferability.backward`):
a head is fitted on the frozen encoder's vectors of the dataset's sample, then the sample is passed
through encoder and head once, backwards too. Both measures are symmetric, larger is closer. They
see the two tasks under heads of their own, so the same text with another label space may be near.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bioner.transferability.language import cosine
from bioner.transferability.registry import Family, NotDefinedError, measure


@dataclass(frozen=True)
class Gradients:
    """What the encoder's weights feel of one dataset.

    Attributes:
        fisher: the diagonal of the Fisher information, a mean over each output unit of each
            weight matrix, float64 [units].
        mean: a sketch of the mean gradient of the loss on the gold tags, float64 [sketch].
    """

    fisher: NDArray[np.float64]
    mean: NDArray[np.float64]


@measure(
    Family.gradients,
    "likeness of the weights that matter to both (Fisher cosine)",
    symmetric=True,
)
def fisher_cosine(source: Gradients, target: Gradients) -> float:
    """Return the cosine of the normalised diagonal Fisher embeddings.

    Achille et al. 2019, "Task2Vec: Task Embedding for Meta-Learning" (arXiv 1902.03545), section
    3.3, the symmetric distance: the cosine of F1 / (F1 + F2) and F2 / (F1 + F2), one less the
    distance. In 0..1. Costs one backward pass a batch and dataset. The tags are drawn from the
    model, so labels reach it through the head alone: on the demo datasets the same text with its
    own labels and with random ones has 0.778 and 0.782.
    """
    total = source.fisher + target.fisher
    felt = total > 0
    if not felt.any():
        raise NotDefinedError("no weight feels either dataset")
    return cosine(source.fisher[felt] / total[felt], target.fisher[felt] / total[felt])


@measure(
    Family.gradients,
    "likeness of the directions into which both push the encoder (gradient cosine)",
    symmetric=True,
    pairs_labels=True,
)
def gradient_cosine(source: Gradients, target: Gradients) -> float:
    """Return the cosine of the mean gradients of the loss with respect to the encoder.

    Du et al. 2018, "Adapting Auxiliary Losses Using Gradient Similarity" (arXiv 1812.02224),
    section 3. In -1..1. The gradients are sketched (see `backward.Sketch`), which moves a cosine
    by about 0.001. Costs one backward pass a batch and dataset.
    """
    return cosine(source.mean, target.mean)
