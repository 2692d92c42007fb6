"""What a model got wrong: mentions side by side, and which types are taken for which."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bioner.corpora.sentence import Mention
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


def read_compared(path: Path) -> Iterator[Compared]:
    """Yield the sentences of a predictions file (word, gold tag, predicted tag)."""
    blocks = path.read_text(encoding="utf-8").removesuffix("\n\n").split("\n\n")
    for number, block in enumerate(blocks, 1):
        rows = [row for row in block.split("\n") if "\t" in row]  # the others mark documents
        words, gold, predicted = zip(*(row.split("\t") for row in rows), strict=True)
        yield Compared(number, words, tuple(spans(gold)), tuple(spans(predicted)))


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
