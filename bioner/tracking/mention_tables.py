"""What a model got wrong: mentions side by side, and which types are taken for which."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bioner.corpora.sentence import Mention, Sentence
from bioner.corpora.tag_ids import mentions_of
from bioner.corpora.tags import spans

MISSED, SPURIOUS = "missed", "spurious"


@dataclass(frozen=True)
class Compared:
    """One sentence with its gold and its predicted mentions.

    Attributes:
        number: 1-based place of the sentence in its split.
        words: its words.
        gold: the mentions of the file.
        predicted: the mentions that the model found.
    """

    number: int
    words: tuple[str, ...]
    gold: tuple[Mention, ...]
    predicted: tuple[Mention, ...]


@dataclass(frozen=True)
class PredictedSplit:
    """A test split and what was predicted for it.

    Attributes:
        sentences: with their gold tags.
        predicted: tag ids of each sentence, [words].
        types: of the dataset, in the order of the ids.
    """

    sentences: Sequence[Sentence]
    predicted: Sequence[NDArray[np.integer]]
    types: tuple[str, ...]

    def compared(self) -> list[Compared]:
        """Return the sentences with both sides' mentions."""
        lengths = np.array([len(tags) for tags in self.predicted], dtype=np.int64)
        found = mentions_of(np.concatenate(self.predicted), lengths)
        guess = found.by_sentence(len(lengths), self.types)
        return [
            Compared(number, sentence.words, tuple(spans(sentence.tags)), mentions)
            for number, (sentence, mentions) in enumerate(
                zip(self.sentences, guess, strict=True), 1
            )
        ]


def confusion(sentences: Sequence[Compared]) -> Counter[tuple[str, str]]:
    """Count mentions by gold type and predicted type.

    Only mentions with the same words are set against each other, as the strict scores do: a
    wrong border makes one missed and one spurious mention. So (T, T) is the number of correct
    mentions of T, what begins with T its support, what ends in T the number predicted.

    Returns:
        Counts under (gold type or `spurious`, predicted type or `missed`).
    """
    counts: Counter[tuple[str, str]] = Counter()
    for sentence in sentences:
        gold = {(m.start, m.end): m.type for m in sentence.gold}
        predicted = {(m.start, m.end): m.type for m in sentence.predicted}
        for place in gold.keys() | predicted.keys():
            counts[gold.get(place, SPURIOUS), predicted.get(place, MISSED)] += 1
    return counts


def marked(words: Sequence[str], mentions: Sequence[Mention]) -> str:
    """Return the sentence with its mentions marked, as `the [BRCA1 gene](Gene) is`."""
    opens = {m.start for m in mentions}
    closes = {m.end - 1: m.type for m in mentions}
    shown = []
    for place, word in enumerate(words):
        left = "[" if place in opens else ""
        right = f"]({closes[place]})" if place in closes else ""
        shown.append(f"{left}{word}{right}")
    return " ".join(shown)


def placed(mentions: Sequence[Mention]) -> str:
    """Return the mentions by word numbers alone, as `3-4 Gene`; counted from 1."""
    return ", ".join(f"{m.start + 1}-{m.end} {m.type}" for m in mentions)
