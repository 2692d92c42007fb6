"""Sentences that are trained on though a target is scored or selected by them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bioner.corpora.audits.shared_sentences import SHORTEST
from bioner.corpora.catalogue import Corpus
from bioner.corpora.sentence import Sentence
from bioner.corpora.sentence_table import Table

# Sentences that are looked up at once, so that a large corpus takes no more memory than a small.
_BLOCK = 1 << 16


@dataclass(frozen=True)
class Place:
    """Where a sentence stands: a target, its split, the line on which it starts, its document."""

    target: str
    split: str
    line: int
    document: str = ""


@dataclass(frozen=True)
class HeldOut:
    """One split that a target is scored or selected by.

    Attributes:
        target: its name.
        split: devel or test.
        sentences: of the split.
        hashes: of the texts of those that count, sorted, uint64 [sentences that count].
        places: where each of them stands in the split, int64 [sentences that count].
    """

    target: str
    split: str
    sentences: Table
    hashes: NDArray[np.uint64]
    places: NDArray[np.int64]

    def find(self, hashes: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Return where the first sentence of each hash stands in the split; -1 where none does."""
        if not len(self.hashes):
            return np.full(len(hashes), -1)
        at = np.minimum(np.searchsorted(self.hashes, hashes), len(self.hashes) - 1)
        return np.where(self.hashes[at] == hashes, self.places[at], -1)


def held_out(
    targets: Mapping[str, Corpus], splits: Sequence[str] = ("test", "devel")
) -> list[HeldOut]:
    """Return the sentences of some splits of the targets, by default all that are not of train.

    Sentences of fewer than `SHORTEST` words are left out, as in every comparison of corpora.

    Args:
        targets: by name.
        splits: in the order in which a sentence that stands in several is looked for.
    """
    return [
        _held_out(name, split, corpus.splits[split].sentences)
        for name, corpus in targets.items()
        for split in splits
    ]


def _held_out(target: str, split: str, sentences: Table) -> HeldOut:
    counting = np.flatnonzero(sentences.sentence_words >= SHORTEST)
    hashes = sentences.text_hashes[counting]
    order = np.argsort(hashes, kind="stable")  # of equal texts the first stands first
    return HeldOut(target, split, sentences, hashes[order], counting[order])


def leaked(
    train: Sequence[Sentence], used: Sequence[int] | NDArray[np.int64], held: Sequence[HeldOut]
) -> dict[int, Place]:
    """Return the used train sentences that are held out, whatever their tokenisation, and where.

    Texts are compared by their hashes of 64 bits, for a large corpus need not fit into the memory.

    Args:
        train: a train split.
        used: the indices of its sentences that are trained on.
        held: what `held_out` gave.
    """
    table, indices = Table.of(train), np.asarray(used, dtype=np.int64)
    found: dict[int, Place] = {}
    for start in range(0, len(indices), _BLOCK):
        block = indices[start : start + _BLOCK]
        hashes = table.text_hashes[block]
        for part in held:
            places = part.find(hashes)
            for hit in np.flatnonzero(places >= 0).tolist():
                table_of, at = part.sentences, places[hit]
                document = table_of.documents[table_of.document_ids[at]]
                place = Place(part.target, part.split, int(table_of.lines[at]), document)
                found.setdefault(int(block[hit]), place)
    return dict(sorted(found.items()))
