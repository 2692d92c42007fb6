"""What one row is read of: a sentence, or neighbouring sentences of one document."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bioner.batches.tokens import Encoded
from bioner.corpora.sentence_table import ranges


@dataclass(frozen=True)
class Stretches:
    """Sentences of a split in stretches that are drawn, and read, as one.

    Attributes:
        sentences: their places in the split, int64 [sentences].
        starts: the place in `sentences` of each stretch's first one, and the end of the last,
            int64 [stretches + 1].
        pieces: of the words of each stretch, int64 [stretches].
    """

    sentences: NDArray[np.int64]
    starts: NDArray[np.int64]
    pieces: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.pieces)

    def take(self, stretches: NDArray[np.integer]) -> NDArray[np.int64]:
        """Return the sentences of some stretches, stretch after stretch."""
        firsts = self.starts[stretches]
        return self.sentences[ranges(firsts, self.starts[stretches + 1] - firsts)]


def alone(encoded: Encoded, sentences: NDArray[np.integer]) -> Stretches:
    """Return some sentences of a split, each by itself."""
    places = np.asarray(sentences, dtype=np.int64)
    pieces = encoded.sentence_pieces[places].astype(np.int64)
    return Stretches(places, np.arange(len(places) + 1), pieces)


def packed(encoded: Encoded, sentences: NDArray[np.integer], room: int) -> Stretches:
    """Put neighbours together, as many as a row holds, from the first on.

    Two sentences are neighbours where one follows the other here and in the split, in the same
    document: none is left out between them. A sentence that no row holds whole stands alone.

    Args:
        encoded: the split.
        sentences: their places in the split, in the order in which they are read.
        room: pieces of words that a row holds.
    """
    places = np.asarray(sentences, dtype=np.int64)
    pieces = encoded.sentence_pieces[places].astype(np.int64)
    follows = (np.diff(places) == 1) & (np.diff(encoded.documents[places]) == 0)
    starts, filled = [0][: len(places)], int(pieces[:1].sum())
    for i, (joins, more) in enumerate(zip(follows.tolist(), pieces[1:].tolist(), strict=True), 1):
        filled += more
        if not joins or filled > room:
            starts.append(i)
            filled = more
    firsts = np.array(starts, dtype=np.int64)
    together = np.add.reduceat(pieces, firsts) if starts else pieces
    return Stretches(places, np.append(firsts, len(places)), together)
