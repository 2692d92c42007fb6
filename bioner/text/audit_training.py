"""Sentences that are trained on though a target is scored or selected by them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bioner.text.audit_sentences import joined, long_enough
from bioner.text.catalogue import Corpus
from bioner.text.sentence import Sentence


@dataclass(frozen=True)
class Place:
    """Where a sentence stands: a target, its split and the line on which it starts."""

    target: str
    split: str
    line: int


def held_out(targets: Mapping[str, Corpus]) -> dict[str, Place]:
    """Return the text of every devel and test sentence of the targets, and where it stands first.

    Sentences of fewer than `SHORTEST` words are left out, as in every comparison of corpora.
    """
    found: dict[str, Place] = {}
    for name, corpus in targets.items():
        for split in ("test", "devel"):
            for sentence in corpus.splits[split].sentences:
                if long_enough(sentence):
                    found.setdefault(joined(sentence), Place(name, split, sentence.line))
    return found


def leaked(
    train: Sequence[Sentence], used: Iterable[int], held: Mapping[str, Place]
) -> dict[int, Place]:
    """Return the used train sentences that are held out, whatever their tokenisation, and where.

    Args:
        train: a train split.
        used: the indices of its sentences that are trained on.
        held: what `held_out` gave.
    """
    places = ((i, held.get(joined(train[i]))) for i in used)
    return {i: place for i, place in places if place is not None}
