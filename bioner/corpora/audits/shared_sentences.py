"""Repeated sentences, sentences with two labellings, and sentences that two splits share."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bioner.corpora.sentence import Sentence
from bioner.corpora.sentence_table import joined

# Shorter sentences are headings and `1 .`: any two corpora share them, and they would drown the
# rest.
SHORTEST = 5

# Which split is compared with which: what is scored or selected by, with what came before it.
PAIRS = (("test", "train"), ("test", "devel"), ("devel", "train"))

Splits = Mapping[str, Sequence[Sentence]]


@dataclass(frozen=True)
class Repeats:
    """What a split says more than once, word for word.

    Attributes:
        sentences: that repeat an earlier one.
        long_sentences: those of them that have `SHORTEST` words or more.
        two_labellings: distinct sentences that carry more than one labelling.
        contradictions: the first lines of two labellings of one sentence.
    """

    sentences: int
    long_sentences: int
    two_labellings: int
    contradictions: list[tuple[int, int]]


@dataclass(frozen=True)
class Leak:
    """How much of one split stands in another, whatever the tokenisation.

    Attributes:
        of: the dataset whose sentences are looked up.
        of_split: its split.
        within: the dataset that they are looked up in; the same one for a leak inside it.
        within_split: its split.
        sentences: of `SHORTEST` words or more in the first split.
        shared: those of them that stand in the second.
        any_sentences: of any length in the first split.
        any_shared: those of them that stand in the second.
        documents: in the first split, where the file names its documents; else 0.
        shared_documents: those of them that are in the second too.
        two_labellings: inside one dataset, distinct sentences of the first split that stand word
            for word in the second, but nowhere there with the same tags.
        contradictions: the first lines of some of them in the two splits.
    """

    of: str
    of_split: str
    within: str
    within_split: str
    sentences: int
    shared: int
    any_sentences: int
    any_shared: int
    documents: int
    shared_documents: int
    two_labellings: int
    contradictions: list[tuple[int, int]]

    @property
    def leaks(self) -> bool:
        """Whether the splits share a sentence of `SHORTEST` words or more, or a document."""
        return bool(self.shared or self.shared_documents)


def long_enough(sentence: Sentence) -> bool:
    """Say whether a sentence counts where leakage is looked for."""
    return len(sentence.words) >= SHORTEST


def repeats(sentences: Sequence[Sentence], shown: int = 5) -> Repeats:
    """Count what one split repeats.

    Args:
        sentences: of the split.
        shown: how many contradictions are named.
    """
    found = Counter(sentence.words for sentence in sentences)
    labellings: dict[tuple[str, ...], dict[tuple[str, ...], int]] = {}
    for sentence in sentences:
        if found[sentence.words] > 1:
            labellings.setdefault(sentence.words, {}).setdefault(sentence.tags, sentence.line)
    two = [list(lines.values()) for lines in labellings.values() if len(lines) > 1]
    return Repeats(
        sentences=sum(count - 1 for count in found.values()),
        long_sentences=sum(n - 1 for words, n in found.items() if len(words) >= SHORTEST),
        two_labellings=len(two),
        contradictions=[(first, second) for first, second, *_ in two[:shown]],
    )


def named_documents(sentences: Iterable[Sentence]) -> set[str]:
    """Return the documents that the file itself names.

    The readers number a document without a name; a name that is the document's own number is taken
    for that.
    """
    order = dict.fromkeys(sentence.document for sentence in sentences if sentence.document)
    return {name for number, name in enumerate(order, 1) if name != str(number)}


class _Side:
    """One split, ready to be compared with others."""

    def __init__(self, sentences: Sequence[Sentence]) -> None:
        self.texts = [joined(sentence) for sentence in sentences]
        self.long = [long_enough(sentence) for sentence in sentences]
        self.known = set(self.texts)
        self.documents = named_documents(sentences)
        # Of each sentence its labellings, and the line on which each stands first.
        self.labellings: dict[tuple[str, ...], dict[tuple[str, ...], int]] = {}
        for sentence in sentences:
            of_words = self.labellings.setdefault(sentence.words, {})
            of_words.setdefault(sentence.tags, sentence.line)


def leaks(datasets: Mapping[str, Splits]) -> list[Leak]:
    """Compare each dataset with itself and with every other, in the pairs of splits of `PAIRS`.

    Sentences are equal where their words joined without blanks are, case kept.
    """
    sides = {
        name: {split: _Side(sentences) for split, sentences in splits.items()}
        for name, splits in datasets.items()
    }
    return [
        _leak(of, of_split, sides[of][of_split], within, within_split, sides[within][within_split])
        for of_split, within_split in PAIRS
        for of in sides
        for within in sides
        if of_split in sides[of] and within_split in sides[within]
    ]


def _leak(
    of: str,
    of_split: str,
    first: _Side,
    within: str,
    within_split: str,
    second: _Side,
    shown: int = 5,
) -> Leak:
    # Two datasets have other types, so that other tags are no contradiction.
    contradictions = _contradictions(first, second) if of == within else []
    shared = [text in second.known for text in first.texts]
    return Leak(
        of,
        of_split,
        within,
        within_split,
        sentences=sum(first.long),
        shared=sum(both and long for both, long in zip(shared, first.long, strict=True)),
        any_sentences=len(shared),
        any_shared=sum(shared),
        documents=len(first.documents),
        shared_documents=len(first.documents & second.documents),
        two_labellings=len(contradictions),
        contradictions=contradictions[:shown],
    )


def _contradictions(first: _Side, second: _Side) -> list[tuple[int, int]]:
    """Return the lines of the sentences of which the two splits share no labelling."""
    return [
        (min(here.values()), min(second.labellings[words].values()))
        for words, here in first.labellings.items()
        if words in second.labellings and here.keys().isdisjoint(second.labellings[words])
    ]
