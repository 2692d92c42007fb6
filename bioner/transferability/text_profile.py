"""What the measures of text and labels know of one dataset, counted once. No torch."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

from bioner.corpora.sentence import Sentence
from bioner.corpora.tags import OUTSIDE, spans
from bioner.transferability.registry import NotDefinedError


@dataclass(frozen=True)
class TextProfile:
    """The words and labels of a dataset. Words are compared in lower case.

    Attributes:
        name: of the dataset.
        train: the training sentences that may be seen.
        test: read by the oracle alone.
    """

    name: str
    train: Sequence[Sentence]
    test: Sequence[Sentence] = ()

    @cached_property
    def words(self) -> Counter[str]:
        """How often each word stands in train."""
        return Counter(word.lower() for s in self.train for word in s.words)

    @cached_property
    def content_words(self) -> set[str]:
        """The distinct words with a letter that are no stop words (scikit-learn's English list)."""
        return {
            word
            for word in self.words
            if any(map(str.isalpha, word)) and word not in ENGLISH_STOP_WORDS
        }

    @cached_property
    def mentions(self) -> Counter[tuple[str, ...]]:
        """How often each mention, as its words, stands in train.

        Raises:
            NotDefinedError: there is none.
        """
        return _mentions(self.name, self.train)

    @cached_property
    def test_mentions(self) -> Counter[tuple[str, ...]]:
        """How often each mention stands in test."""
        return _mentions(self.name, self.test)

    @cached_property
    def mention_lengths(self) -> Counter[int]:
        """How many mentions of train have each number of words."""
        lengths: Counter[int] = Counter()
        for words, count in self.mentions.items():
            lengths[len(words)] += count
        return lengths

    @cached_property
    def labels(self) -> Counter[str]:
        """How often each entity type, or O, labels a word of train."""
        return Counter(label(tag) for s in self.train for tag in s.tags)

    @cached_property
    def labels_of_words(self) -> dict[str, Counter[str]]:
        """For each word of train how often each entity type, or O, labels it."""
        found: dict[str, Counter[str]] = {}
        for sentence in self.train:
            for word, tag in zip(sentence.words, sentence.tags, strict=True):
                found.setdefault(word.lower(), Counter())[label(tag)] += 1
        return found


def label(tag: str) -> str:
    """Return the entity type of an IOB2 tag, or O."""
    return tag if tag == OUTSIDE else tag[2:]


def _mentions(name: str, sentences: Sequence[Sentence]) -> Counter[tuple[str, ...]]:
    found = Counter(
        chain.from_iterable(
            (tuple(w.lower() for w in s.words[m.start : m.end]) for m in spans(s.tags))
            for s in sentences
        )
    )
    if not found:
        raise NotDefinedError(f"{name} has no mention")
    return found
