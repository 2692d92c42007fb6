"""Batches of all tasks of a stage, as the plan draws them, and of the splits that are scored."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pytorch_lightning as pl

from bioner.batches.batch import Batch, Update, make_batch
from bioner.batches.plan import Drawn, Plan
from bioner.batches.soft import SoftDraw, SoftText
from bioner.batches.stretches import Stretches, alone, packed
from bioner.batches.tokenizer import SpecialTokens
from bioner.batches.tokens import Encoded

# Pieces in one batch of a split that is scored: large enough for speed, bounded for memory.
_SCORED_PIECES = 4096


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


@dataclass(frozen=True)
class Shard:
    """Which part of every batch this process computes."""

    rank: int = 0
    processes: int = 1


class DrawnBatches:
    """One epoch of updates. Every process takes its share of the sentences of each batch.

    Its state, which Lightning keeps in a checkpoint, is the number of updates drawn so far: from
    there a killed epoch goes on.

    Args:
        train: see `MultiTaskData`.
        plan: see `train`.
        epoch: its number, from 0.
        window: see `train`.
        shard: the part that this process computes.
        parts: that its share of a batch is cut into, none of them empty.
        soft: of tasks with a teacher, the text that each of their batches has a part of beside it.
    """

    def __init__(
        self,
        train: Mapping[str, tuple[Encoded, np.ndarray]],
        plan: Plan,
        epoch: int,
        window: Window,
        shard: Shard,
        parts: int = 1,
        soft: Mapping[str, SoftText] | None = None,
    ) -> None:
        self._soft = soft or {}
        self._train = {
            task: (encoded, window.stretches(task, encoded, used))
            for task, (encoded, used) in train.items()
        }
        self._plan, self._epoch = plan, epoch
        self._window, self._shard, self._parts = window, shard, parts
        self._drawn = 0

    def __len__(self) -> int:
        """Return the updates of the whole epoch, those before a checkpoint included."""
        return self._plan.epoch_steps(self._epoch)

    def __iter__(self) -> Iterator[Update]:
        done = self._plan.done(self._epoch, self._drawn)
        soft = {task: text.draws(done[task]) for task, text in self._soft.items()}
        for update in self._plan.updates(self._epoch, self._drawn):
            self._drawn += 1
            labelled = [*self._labelled(update)]
            taught = [task for task, _ in update if task in soft]
            yield (*labelled, *(one for t in taught for one in self._taught(t, next(soft[t]))))

    def _labelled(self, update: Sequence[Drawn]) -> Iterator[Batch]:
        before = 0
        for task, drawn in update:
            encoded, stretches = self._train[task]
            for part in self._mine(drawn, before):
                yield self._window.batch(task, encoded, stretches.take(part))
            if self._plan.mixed:  # else the first process would have each that stands alone
                before += len(drawn)

    def _taught(self, task: str, draw: SoftDraw) -> Iterator[Batch]:
        for part in self._mine(draw.sentences):
            yield draw.with_soft(self._window.batch(task, draw.encoded, part))

    def _mine(self, drawn: np.ndarray, before: int = 0) -> list[np.ndarray]:
        """Return this process's share of a batch, in parts.

        Args:
            drawn: the batch.
            before: sentences that were dealt out before it.
        """
        mine = drawn[(self._shard.rank - before) % self._shard.processes :: self._shard.processes]
        return np.array_split(mine, max(1, min(self._parts, len(mine))))

    def state_dict(self) -> dict[str, int]:
        """Return what a checkpoint keeps."""
        return {"drawn": self._drawn}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Go on from a checkpoint."""
        self._drawn = state["drawn"]


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


class MultiTaskData(pl.LightningDataModule):
    """What a stage trains on, and the devel splits by which it selects.

    Args:
        train: for each task its encoded train split and the sentences that are used.
        devel: for each task that is scored after every epoch its encoded devel split and the
            sentences that are scored.
        plan: which task and which sentences each step draws.
        window: how rows are cut.
        parts: that a batch of an update is cut into.
        soft: see `DrawnBatches`.
    """

    def __init__(
        self,
        train: Mapping[str, tuple[Encoded, np.ndarray]],
        devel: Mapping[str, tuple[Encoded, np.ndarray]],
        plan: Plan,
        window: Window,
        parts: int = 1,
        soft: Mapping[str, SoftText] | None = None,
    ) -> None:
        super().__init__()
        self._train, self._devel, self.plan, self._window = train, devel, plan, window
        self._parts, self._soft = parts, soft

    def _shard(self) -> Shard:
        assert self.trainer is not None
        return Shard(self.trainer.global_rank, self.trainer.world_size)

    def train_dataloader(self) -> DrawnBatches:
        """Return the batches of the trainer's current epoch."""
        assert self.trainer is not None
        epoch = min(self.trainer.current_epoch, self.plan.epochs - 1)
        shard = self._shard()
        return DrawnBatches(
            self._train, self.plan, epoch, self._window, shard, self._parts, self._soft
        )

    def val_dataloader(self) -> Sequence[ScoredBatches]:
        """Return the devel batches, one loader a task."""
        return [
            ScoredBatches(task, encoded, scored, self._window, self._shard())
            for task, (encoded, scored) in self._devel.items()
        ]
