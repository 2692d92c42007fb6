"""Batches of all tasks of a stage, as the plan draws them, and its devel splits, for Lightning."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pytorch_lightning as pl

from bioner.batches.batch import Batch, Update
from bioner.batches.plan import Drawn, Plan
from bioner.batches.scored import ScoredBatches, Shard
from bioner.batches.soft import SoftDraw, SoftText
from bioner.batches.tokens import Encoded
from bioner.batches.window import Window


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
