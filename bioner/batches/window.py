"""How the rows of a batch are cut for one encoder."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from bioner.batches.batch import Batch, make_batch
from bioner.batches.stretches import Stretches, alone, packed
from bioner.batches.tokenizer import SpecialTokens
from bioner.batches.tokens import Encoded


@dataclass(frozen=True)
class Window:
    """How the rows of a batch are cut for one encoder.

    Attributes:
        special: the ids put before and after each row.
        max_pieces: pieces in one row, special tokens included.
        overlap: pieces that two windows of a long sentence share.
        marked: of tasks with markers, the ids in the place of `special`.
        documents: whether neighbouring sentences of a document share a row.
    """

    special: SpecialTokens
    max_pieces: int
    overlap: int
    marked: Mapping[str, SpecialTokens] = field(default_factory=dict)
    documents: bool = False

    @property
    def room(self) -> int:
        """The most pieces of words in one row, of any task.

        Raises:
            ConfigError: no piece fits.
        """
        every = (self.special, *self.marked.values())
        return min(special.window(self.max_pieces) for special in every)

    def special_of(self, task: str) -> SpecialTokens:
        """Return the ids before and after each row of a task."""
        return self.marked.get(task, self.special)

    def of(self, task: str) -> "Window":
        """Return the window of one task's rows, whatever the rows are then called."""
        return replace(self, special=self.special_of(task), marked={})

    def stretches(self, task: str, encoded: Encoded, sentences: np.ndarray) -> Stretches:
        """Return some sentences of a split in what is drawn, and read, as one."""
        if not self.documents:
            return alone(encoded, sentences)
        return packed(encoded, sentences, self.special_of(task).window(self.max_pieces))

    def batch(self, task: str, encoded: Encoded, indices: np.ndarray) -> Batch:
        """Return the batch of these sentences; whole stretches of them stay what they are."""
        # A stretch ends where the next sentence has no room, so it is found again in any batch.
        starts = self.stretches(task, encoded, indices).starts if self.documents else None
        special = self.special_of(task)
        return make_batch(task, encoded, indices, special, self.max_pieces, self.overlap, starts)
