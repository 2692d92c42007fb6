"""Batches of sentences that are scored or tagged, and each process's share of a batch."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from bioner.batches.batch import Batch
from bioner.batches.tokens import Encoded
from bioner.batches.window import Window

# Pieces in one batch of a split that is scored: large enough for speed, bounded for memory.
_SCORED_PIECES = 4096


@dataclass(frozen=True)
class Shard:
    """Which part of every batch this process computes."""

    rank: int = 0
    processes: int = 1


class ScoredBatches:
    """Sentences of a split, each once over all processes, similar lengths together.

    Args:
        task: the name of the dataset.
        encoded: the split.
        scored: the places of the sentences in it.
        window: how rows are cut.
        shard: the part that this process computes.
    """

    def __init__(
        self, task: str, encoded: Encoded, scored: np.ndarray, window: Window, shard: Shard
    ) -> None:
        self.task, self._encoded, self._window = task, encoded, window
        stretches = window.stretches(task, encoded, scored)
        lengths, special = stretches.pieces, window.special_of(task).count
        order = np.argsort(lengths, kind="stable")[shard.rank :: shard.processes]
        # Rows are sorted, so the longest of a batch is its last: the padded size is count x last.
        self._batches: list[np.ndarray] = []
        start = 0
        for end in range(1, len(order) + 1):
            longest = lengths[order[min(end, len(order) - 1)]] + special
            if end == len(order) or (end + 1 - start) * longest > _SCORED_PIECES:
                self._batches.append(stretches.take(order[start:end]))
                start = end

    def __len__(self) -> int:
        return len(self._batches)

    def __iter__(self) -> Iterator[Batch]:
        for indices in self._batches:
            yield self._window.batch(self.task, self._encoded, indices)
