"""One pass after another over the sentences of a task, each cut into batches."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Full batches whose sentences are shuffled together before they are sorted by length: many, so
# that a batch holds similar lengths; not all, so that it is another one in each pass.
_SHUFFLED = 50
# First word of the spawn key of the streams here; `bioner.batches.plan` draws tasks with 0.
_PERMUTATION = 1

_Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Cut:
    """How a pass is cut into batches.

    Attributes:
        sentences: the most in a batch.
        tokens: the most positions of a batch, its sentences times the longest of them; None cuts
            by `sentences` alone. A sentence that is longer is a batch of its own.
        lengths: pieces of each sentence of the task, special tokens included, int [sentences];
            read where `tokens` is given.
    """

    sentences: int
    tokens: int | None = None
    lengths: NDArray[np.integer] | None = None

    def batches(self, order: _Ints, stream: np.random.Generator) -> list[_Ints]:
        """Cut shuffled sentences into batches.

        Args:
            order: the sentences of a pass, [sentences].
            stream: shuffles batches of similar lengths.
        """
        if self.tokens is None:
            return [order[i : i + self.sentences] for i in range(0, len(order), self.sentences)]
        assert self.lengths is not None
        found: list[_Ints] = []
        # At least so many sentences fill a batch of the mean length.
        full = min(self.sentences, max(1, int(self.tokens / self.lengths[order].mean())))
        stretch = _SHUFFLED * full
        for start in range(0, len(order), stretch):
            one = order[start : start + stretch]
            cut = self._similar(one[np.argsort(self.lengths[one], kind="stable")], self.tokens)
            found += [cut[i] for i in stream.permutation(len(cut))]
        return found

    def _similar(self, by_length: _Ints, tokens: int) -> list[_Ints]:
        """Cut sentences sorted by length, as many into a batch as it holds."""
        assert self.lengths is not None
        lengths, found, start = self.lengths[by_length].tolist(), [], 0
        for end in range(1, len(lengths) + 1):
            size = end + 1 - start
            last = end == len(lengths)
            if last or size > self.sentences or size * lengths[end] > tokens:
                found.append(by_length[start:end])
                start = end
        return found


class Passes:
    """The batches of a task. Each pass is a new permutation of all its sentences.

    Args:
        size: sentences of the task.
        cut: how a pass is cut.
        seed: of the permutations.
        task: the task's position among those of the plan.
    """

    def __init__(self, size: int, cut: Cut, seed: int, task: int) -> None:
        self._size, self._cut, self._seed, self._task = size, cut, seed, task
        self._kept: tuple[int, list[_Ints]] = (-1, [])

    def batches(self, number: int) -> list[_Ints]:
        """Return the batches of a pass; the last one asked for is kept."""
        if self._kept[0] != number:
            stream = stream_for(self._seed, _PERMUTATION, self._task, number)
            self._kept = number, self._cut.batches(stream.permutation(self._size), stream)
        return self._kept[1]

    def count(self, number: int) -> int:
        """Return the number of batches of a pass."""
        if self._cut.tokens is None:
            return -(-self._size // self._cut.sentences)
        return len(self.batches(number))

    def find(self, batch: int) -> tuple[int, int]:
        """Return the pass and the place in it of the task's batch with this number, from 0."""
        if self._cut.tokens is None:
            return divmod(batch, self.count(0))
        number = 0
        while batch >= (count := self.count(number)):
            batch -= count
            number += 1
        return number, batch


def stream_for(seed: int, *purpose: int) -> np.random.Generator:
    """Return the random stream for one purpose; streams of different purposes are independent."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=purpose)))
