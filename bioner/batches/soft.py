"""Sentences with the probabilities that a teacher gives their tags, and how they are drawn."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from bioner.batches.batch import Batch
from bioner.batches.passes import Cut, stream_for
from bioner.batches.tokens import Encoded
from bioner.corpora.sentence_table import ranges

# First word of the spawn key of the streams here; 0 and 1 draw and permute what has labels.
_SOFT = 2


@dataclass(frozen=True)
class SoftSentences:
    """A part of a text as its teacher sees it; the arrays may be mapped from disk.

    Attributes:
        pieces: see `Encoded`.
        piece_counts: see `Encoded`.
        sentence_words: see `Encoded`.
        soft: float16 [words, tags], the probability of each tag; zeros where the teacher is not
            sure enough, or the tokenizer lost the word.
    """

    pieces: NDArray[np.int32]
    piece_counts: NDArray[np.int32]
    sentence_words: NDArray[np.int32]
    soft: NDArray[np.float16]


@dataclass(frozen=True)
class SoftDraw:
    """The sentences of one batch.

    Attributes:
        encoded: the part that they are of.
        soft: of that part, see `SoftSentences`.
        sentences: their places in the part, int64 [sentences].
    """

    encoded: Encoded
    soft: NDArray[np.float16]
    sentences: NDArray[np.int64]

    def with_soft(self, batch: Batch) -> Batch:
        """Return a batch of some of the sentences with what the teacher says of its words."""
        starts = self.encoded.word_starts[batch.index.numpy()]
        words = ranges(starts, batch.lengths.numpy())[batch.kept.numpy()]
        return replace(batch, soft=torch.from_numpy(self.soft[words].astype(np.float32)))


class SoftText:
    """The parts of a text, pass after pass.

    A pass goes through the parts in a new order, and through the sentences of each in a new order:
    so the memory holds what is known of one part, however long the text is.

    Args:
        parts: none of them empty.
        cut: how the sentences of a part with these lengths, in pieces, are cut into batches.
        seed: of the orders.
        task: the position of the task among those of the stage.
    """

    def __init__(
        self,
        parts: Sequence[SoftSentences],
        cut: Callable[[NDArray[np.int32]], Cut],
        seed: int,
        task: int,
    ) -> None:
        self._parts, self._cut, self._seed, self._task = parts, cut, seed, task

    def draws(self, done: int) -> Iterator[SoftDraw]:
        """Yield the batches after the first so many, without end."""
        number = 0
        while True:
            order = stream_for(self._seed, _SOFT, self._task, number)
            for part in order.permutation(len(self._parts)).tolist():
                encoded = self._encoded(part)
                stream = stream_for(self._seed, _SOFT, self._task, number, part)
                sentences = stream.permutation(len(encoded.sentence_words))
                batches = self._cut(encoded.sentence_pieces).batches(sentences, stream)
                soft = self._parts[part].soft
                yield from (SoftDraw(encoded, soft, one) for one in batches[done:])
                done = max(0, done - len(batches))
            number += 1

    def _encoded(self, part: int) -> Encoded:
        one = self._parts[part]
        tags = np.zeros(len(one.piece_counts), dtype=np.int16)  # nobody knows them
        return Encoded.of(one.pieces, one.piece_counts, tags, one.sentence_words)
