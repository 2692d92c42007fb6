"""Measures of language: is the target's text like the source's? No label is read."""

import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import exp, log

import numpy as np
from sklearn.decomposition import NMF
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer

from bioner.corpora.sentence import Sentence
from bioner.transferability.registry import Family, Larger, measure
from bioner.transferability.text_profile import TextProfile

# Words that every model holds possible, so that models of different corpora compare.
VOCABULARY = 1_000_000
ORDER = 3
_START = "<s>"


class NgramModel:
    """An interpolated trigram model with Witten-Bell smoothing, over lower-cased words.

    p(w | h) = (c(h w) + t(h) p(w | h')) / (c(h) + t(h)), where t(h) counts the distinct words
    after h and h' is h without its first word; below the unigrams stands 1 / `VOCABULARY`
    (Chen & Goodman 1998, "An Empirical Study of Smoothing Techniques for Language Modeling",
    section 2.4).

    Args:
        sentences: the training text.
    """

    def __init__(self, sentences: Sequence[Sentence]) -> None:
        self._counts: Counter[tuple[str, ...]] = Counter()
        for words in map(_padded, sentences):
            for order in range(1, ORDER + 1):
                columns = (
                    words[ORDER - order + i : len(words) - order + i + 1] for i in range(order)
                )
                self._counts.update(zip(*columns, strict=False))
        self._after: Counter[tuple[str, ...]] = Counter()
        self._distinct: Counter[tuple[str, ...]] = Counter()
        for gram, count in self._counts.items():
            self._after[gram[:-1]] += count
            self._distinct[gram[:-1]] += 1

    def probability(self, word: str, history: tuple[str, ...]) -> float:
        """Return p(word | history); both in lower case, a history of `ORDER` - 1 words at most."""
        found = 1 / VOCABULARY
        for length in range(len(history) + 1):
            context = history[len(history) - length :]
            distinct = self._distinct.get(context)  # indexing a Counter is slow where it lacks
            if not distinct:
                break
            count = self._counts.get((*context, word), 0)
            found = (count + distinct * found) / (self._after[context] + distinct)
        return found

    def perplexity(self, sentences: Sequence[Sentence]) -> float:
        """Return exp of the mean surprise of a word, in nats."""
        surprises = [
            -log(self.probability(word, history))
            for sentence in sentences
            for history, word in _steps(_padded(sentence))
        ]
        return exp(sum(surprises) / len(surprises))


@dataclass(frozen=True)
class LanguageProfile:
    """The text of a dataset for the measures of language.

    Attributes:
        text: the words of train.
        sample: the train sentences on which models of other datasets are tried.
        seed: of the draw of documents.
    """

    text: TextProfile
    sample: Sequence[Sentence]
    seed: int

    @cached_property
    def model(self) -> NgramModel:
        """The n-gram model of train."""
        return NgramModel(self.text.train)

    @cached_property
    def documents(self) -> list[str]:
        """At most `DOCUMENTS` runs of `DOCUMENT_SENTENCES` consecutive train sentences."""
        train = self.text.train
        starts = np.arange(0, len(train), DOCUMENT_SENTENCES)
        drawn = np.sort(np.random.default_rng(self.seed).permutation(starts)[:DOCUMENTS])
        return [
            " ".join(word for s in train[start : start + DOCUMENT_SENTENCES] for word in s.words)
            for start in drawn
        ]


DOCUMENTS, DOCUMENT_SENTENCES, TOPICS, TERMS = 300, 10, 10, 3000


@measure(
    Family.language,
    "perplexity of the target's text to a trigram model of the source",
    Larger.farther,
)
def perplexity(source: LanguageProfile, target: LanguageProfile) -> float:
    """Return the perplexity of a sample of the target's train text to the source's trigram model.

    At least 1, larger is farther, not symmetric. Costs one count of the source's words and one
    look-up for each word of the sample. See `NgramModel` for the smoothing; unknown words have
    the same floor in every model, so sources compare.
    """
    return source.model.perplexity(target.sample)


@measure(Family.language, "likeness of the topics of source and target", symmetric=True)
def topics(source: LanguageProfile, target: LanguageProfile) -> float:
    """Return the cosine of the mean topic weights (NMF over TF-IDF; Lee & Seung 1999).

    Both datasets' documents (`LanguageProfile.documents`) are factorised together into `TOPICS`
    topics over their `TERMS` most frequent terms. In 0..1, larger is closer, symmetric. Costs one
    factorisation a pair.
    """
    # In one order, so that the value is the same to the bit in both directions.
    first, second = sorted((source, target), key=lambda profile: profile.text.name)
    terms = TfidfVectorizer(stop_words="english", max_features=TERMS, sublinear_tf=True)
    weights = terms.fit_transform([*first.documents, *second.documents])
    size = min(TOPICS, *weights.shape)
    model = NMF(size, init="nndsvda", max_iter=200, tol=1e-3, random_state=0)
    with warnings.catch_warnings():  # 200 steps are enough for a mean over documents
        warnings.simplefilter("ignore", ConvergenceWarning)
        mixture = model.fit_transform(weights)
    border = len(first.documents)
    return cosine(mixture[:border].mean(axis=0), mixture[border:].mean(axis=0))


def cosine(one: np.ndarray, other: np.ndarray) -> float:
    """Return the cosine of two vectors; 0 where one of them is 0."""
    length = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(one @ other) / length if length else 0.0


def _padded(sentence: Sentence) -> list[str]:
    return [_START] * (ORDER - 1) + [word.lower() for word in sentence.words]


def _steps(words: list[str]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield each word with the words before it."""
    for place in range(ORDER - 1, len(words)):
        yield tuple(words[place - ORDER + 1 : place]), words[place]
