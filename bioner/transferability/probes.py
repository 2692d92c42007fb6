"""Probes of the source-tuned encoder: simple taggers on its frozen vectors, scored by span F1.

Each takes a `View` of the target's training words, learns from the view's words in the first half
of the sampled sentences (in an order drawn from a seed) and tags the other half: whole sentences,
or in the view of mention words these alone, with O elsewhere. The value is the strict span F1,
0..1, larger is closer; none is symmetric. Devel and test are not read.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.linear_model import RidgeClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer, StandardScaler

from bioner.corpora.tags import spans
from bioner.transferability.registry import Family, NotDefinedError, measure
from bioner.transferability.view import View

_NEIGHBOURS = 5


@measure(
    Family.tuned,
    "span F1 of a nearest-neighbour tagger on the source-tuned vectors",
    pairs_labels=True,
)
def knn_probe(view: View) -> float:
    """Return the span F1 of five nearest neighbours by cosine (Cover & Hart 1967).

    Costs a product of the vectors of both halves.
    """
    return _probe(
        view,
        lambda words: make_pipeline(Normalizer(), KNeighborsClassifier(min(_NEIGHBOURS, words))),
    )


@measure(Family.tuned, "span F1 of a linear tagger on the source-tuned vectors", pairs_labels=True)
def linear_probe(view: View) -> float:
    """Return the span F1 of a ridge classifier on standardised vectors.

    After the linear probes of Alain & Bengio 2016 (arXiv 1610.01644). Costs one least-squares
    fit.
    """
    return _probe(view, lambda words: make_pipeline(StandardScaler(), RidgeClassifier(10.0)))


def _probe(view: View, make: Callable[[int], ClassifierMixin]) -> float:
    tokens = view.tokens
    sentences = np.unique(tokens.sentence)
    fitted = np.isin(tokens.sentence, np.random.default_rng(0).permutation(sentences)[::2])
    fit = view.rows[fitted[view.rows]]
    scored = view.scored[~fitted[view.scored]]
    if len(np.unique(tokens.tags[fit])) < 2:
        raise NotDefinedError("the half that a probe learns from has one label alone")
    if not (tokens.tags[scored] > 0).any():
        raise NotDefinedError("the half that a probe is scored on has no mention")
    model = make(len(fit)).fit(tokens.vectors[fit], tokens.tags[fit])
    predicted = np.zeros_like(tokens.tags)
    predicted[scored] = model.predict(tokens.vectors[scored])
    return span_f1(
        tokens.tags, predicted, tokens.sentence, np.unique(tokens.sentence[scored]), view.tags
    )


def span_f1(
    gold: NDArray[np.int64],
    predicted: NDArray[np.int64],
    sentence: NDArray[np.int64],
    scored: NDArray[np.int64],
    tags: Sequence[str],
) -> float:
    """Return the strict span F1 of some sentences.

    Args:
        gold: tag ids, [words].
        predicted: tag ids, [words].
        sentence: number of the sentence of each word, ascending, [words].
        scored: the numbers of the sentences that count.
        tags: by their ids.
    """
    found = wanted = right = 0
    starts = np.searchsorted(sentence, scored, side="left")
    for start, end in zip(starts, np.searchsorted(sentence, scored, side="right"), strict=True):
        ours, theirs = (
            set(spans([tags[t] for t in side[start:end]])) for side in (predicted, gold)
        )
        found, wanted, right = found + len(ours), wanted + len(theirs), right + len(ours & theirs)
    return 2 * right / (found + wanted) if found + wanted else 0.0
