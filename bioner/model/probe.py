"""How a head starts: fitted to the word vectors of the frozen encoder, or to the tags alone.

A fresh head of small weights hands hardly any gradient to the encoder, and nineteen of twenty words
are O: a short run may never leave the tagger that says O everywhere. Fitting the head first and
training both afterwards is linear probing then fine-tuning (Kumar et al. 2022, arXiv 2202.10054).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bioner.model.crf import CrfHead
from bioner.model.heads import Head
from bioner.model.word_vectors import WordVectors

# Of the squared weights, per standardised feature. By itself a head is best with less: the mean
# devel F1 of heads fitted to 10 % of s800, linnaeus, ncbi_disease and bionlp13cg (MiniLM, legal
# tags) is 0.371 at 0.0001, 0.416 at 0.001 and 0.003 and 0.392 at 0.01. But a head that knows its
# sentences by heart leaves the encoder nothing to learn from them. Networks trained from heads of
# 0.001 and 0.01 (ten epochs, seed 1) have test F1 0.566 and 0.575 on s800 at 10 %, 0.630 and 0.640
# on bionlp13cg at 10 %, 0.803 and 0.858 on demo_disease.
_PENALTY = 1e-2
# The largest component of the gradient at which a fit has converged.
_TOLERANCE = 1e-4
_ITERATIONS = 1000
# Words that each count of tags and of pairs of tags is raised by.
_SMOOTHING = 1.0
# A feature whose deviation is this small a part of the largest says nothing (MiniLM has one).
_CONSTANT = 1e-3
_TINY = 1e-12


class Linear(NamedTuple):
    """A linear layer: weight Float [tags, hidden] and bias Float [tags]."""

    weight: Tensor
    bias: Tensor


def log_frequencies(tags: NDArray[np.integer], count: int) -> Tensor:
    """Return the log of each tag's share of the words, Float64 [count], smoothed by one word."""
    found = np.bincount(tags, minlength=count) + _SMOOTHING
    return torch.from_numpy(np.log(found / found.sum()))


def start_prior(head: Head, tags: NDArray[np.integer]) -> None:
    """Set the head's bias to the log frequencies of these tags; all else stays as it is."""
    with torch.no_grad():
        head.linear.bias.copy_(log_frequencies(tags, len(head.tags)))


def start_probe(
    head: Head, words: WordVectors, carried: Tensor | None = None, masked: Tensor | None = None
) -> None:
    """Fit a head to word vectors; see `fit_linear`, and for a CRF `pair_scores`.

    Args:
        head: its linear layer is replaced, and a CRF's scores of pairs, starts and ends.
        words: of training sentences.
        carried: which tags' rows come from another stage and draw the fit, Bool [tags]; the other
            rows are drawn to 0 with the log frequencies as bias. None: no row.
        masked: which tags a word can't have, Bool [tags] or [words, tags]; None: no tag.
    """
    device, count = head.linear.bias.device, len(head.tags)
    weight = torch.zeros(head.linear.weight.shape, dtype=torch.float64)
    bias = log_frequencies(words.tags, count)
    if carried is not None:
        weight[carried] = head.linear.weight.detach().cpu().double()[carried]
        bias[carried] = head.linear.bias.detach().cpu().double()[carried]
    masked = None if masked is None else masked.cpu()
    fitted = fit_linear(words, Linear(weight, bias), masked)
    with torch.no_grad():
        head.linear.weight.copy_(fitted.weight.to(device))
        head.linear.bias.copy_(fitted.bias.to(device))
        if isinstance(head, CrfHead):
            scores = torch.from_numpy(np.array(words.vectors)) @ fitted.weight.T + fitted.bias
            if masked is not None:
                scores = scores.masked_fill(masked, -torch.inf)
            pairs, start, end = pair_scores(scores.softmax(-1), words)
            head.transitions.copy_(pairs.to(device))
            head.start.copy_(start.to(device))
            head.end.copy_(end.to(device))


def fit_linear(words: WordVectors, centre: Linear, masked: Tensor | None = None) -> Linear:
    """Fit a linear layer by cross-entropy, in float32 on the CPU.

    It minimises the mean cross-entropy of the words plus `_PENALTY` / 2 times the squared distance
    of the layer from `centre`, both as they act on standardised features, so that the scale of an
    encoder's vectors does not matter. The centre is a Gaussian prior's mean, as in Chelba & Acero
    2004 ("Adaptation of maximum entropy capitalizer", EMNLP); with it the minimum is unique, also
    for tags without a word. L-BFGS (Liu & Nocedal 1989) starts from the centre. One thread
    computes it, so that the number of threads changes nothing.

    Args:
        words: what is fitted to.
        centre: in the features as they are, not standardised.
        masked: see `start_probe`.

    Returns:
        The layer for the features as they are, Float32.
    """
    if len(words.tags) == 0:
        return Linear(centre.weight.float(), centre.bias.float())
    with _one_thread():
        features = torch.from_numpy(np.array(words.vectors))
        variance, mean = torch.var_mean(features, 0, correction=0)
        deviation = variance.sqrt()
        deviation.clamp_min_(max(_CONSTANT * float(deviation.max()), _TINY))
        features = features.sub_(mean).div_(deviation)
        scale, shift = deviation.double(), mean.double()
        start = Linear(centre.weight * scale, centre.bias + centre.weight @ shift)
        objective = _Objective(features, torch.from_numpy(np.array(words.tags)), start, masked)
        fitted = objective.layer(_least(objective, objective.flat(start)))
        weight = fitted.weight / scale
        return Linear(weight.float(), (fitted.bias - weight @ shift).float())


def pair_scores(probabilities: Tensor, words: WordVectors) -> tuple[Tensor, Tensor, Tensor]:
    """Return transition [tags, tags], start [tags] and end [tags] scores that go with emissions.

    Emissions that were fitted word by word know the neighbours already, as far as the encoder's
    vectors tell of them; log probabilities of pairs on top would count that twice. So a pair's
    score is log (how often it stands in the gold tags / how often the emissions expect it, were
    neighbours independent), both smoothed: what the emissions lack. It is the first step of
    iterative scaling (Darroch & Ratcliff 1972) from scores of 0, and stays at 0 where the emissions
    expect what is there. Starts and ends likewise.

    Args:
        probabilities: of each word's tags by the emissions alone, Float [words, tags].
        words: with their gold tags.
    """
    gold = torch.nn.functional.one_hot(torch.tensor(words.tags), probabilities.shape[1])
    counts = [_pairs(of, words.lengths) for of in (gold.double(), probabilities.double())]
    pairs, start, end = (
        ((observed + _SMOOTHING) / (expected + _SMOOTHING)).log().float()
        for observed, expected in zip(*counts, strict=True)
    )
    return pairs, start, end


def _pairs(of: Tensor, lengths: NDArray[np.int64]) -> tuple[Tensor, Tensor, Tensor]:
    """Count tags before tags, at starts and at ends, of the words' [words, tags]."""
    filled = torch.tensor(lengths[lengths > 0])
    ends = filled.cumsum(0) - 1
    later = torch.ones(len(of), dtype=torch.bool)
    later[ends - filled + 1] = False
    after = later.nonzero()[:, 0]
    return of[after - 1].T @ of[after], of[~later].sum(0), of[ends].sum(0)


def _least(objective: "_Objective", start: Tensor) -> Tensor:
    """Return where a function is least, by L-BFGS from `start`."""
    place = torch.nn.Parameter(start.clone())
    optimizer = torch.optim.LBFGS(
        [place],
        max_iter=_ITERATIONS,
        tolerance_grad=_TOLERANCE,
        tolerance_change=0.0,
        history_size=20,
        line_search_fn="strong_wolfe",
    )

    def evaluate() -> float:
        value, place.grad = objective(place.detach())
        return value

    optimizer.step(evaluate)
    return place.detach()


class _Objective:
    """The penalised mean cross-entropy and its gradient, of a flat layer in float64."""

    def __init__(
        self, features: Tensor, tags: Tensor, centre: Linear, masked: Tensor | None
    ) -> None:
        # Both orders: a product that reads along its rows takes a third of the time.
        self._features, self._by_feature = features, features.T.contiguous()
        self._tags, self._masked = tags[:, None], masked
        self._centre = self.flat(centre)
        self._shape = centre.weight.shape

    @staticmethod
    def flat(layer: Linear) -> Tensor:
        """Return the layer as one row of numbers."""
        return torch.cat([layer.weight.flatten(), layer.bias])

    def layer(self, flat: Tensor) -> Linear:
        """Return what `flat` was made from."""
        cut = self._shape.numel()
        return Linear(flat[:cut].view(self._shape), flat[cut:])

    def __call__(self, flat: Tensor) -> tuple[float, Tensor]:
        """Return the value and the gradient."""
        layer, words = self.layer(flat), len(self._tags)
        logits = torch.nn.functional.linear(
            self._features, layer.weight.float(), layer.bias.float()
        )
        if self._masked is not None:
            logits.masked_fill_(self._masked, -torch.inf)
        logs = logits.log_softmax(-1)
        value = -float(logs.gather(1, self._tags).sum(dtype=torch.float64)) / words
        surplus = logs.exp_()
        surplus.scatter_add_(1, self._tags, surplus.new_full(self._tags.shape, -1.0))
        weight = (self._by_feature @ surplus).T.double() / words
        bias = surplus.sum(0, dtype=torch.float64) / words
        away = flat - self._centre
        gradient = torch.cat([weight.flatten(), bias]) + _PENALTY * away
        return value + _PENALTY / 2 * float(away @ away), gradient


@contextmanager
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
