"""The typed schema of what one update sees."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

from bioner.config.effects import STAGE, value
from bioner.config.per_stage import PerStage


@dataclass
class BatchConfig(PerStage):
    """What one update sees.

    Attributes:
        sentences: the most in a batch.
        tokens: null, or the most positions, sentences times the longest of them in pieces: a
            batch then holds sentences of similar length.
        accumulate: parts that a batch is computed in, one after the other, so that the memory
            need hold one part alone. What is drawn, the loss and the gradients are those of the
            whole batch, but for rounding and for which components dropout drops. Each part but
            the last is computed twice in the forward direction (`bioner.model.accumulating`).
        shared: whether the tasks of an update (`mixing.tasks_per_update`) share one batch of
            `sentences` in all, each sentence of a task that the mixing draws for it, and the loss
            is the mean over all its words; else each has a batch of `sentences`, and a loss.
    """

    sentences: int = value(32, STAGE)
    tokens: int | None = value(None, STAGE)
    accumulate: int = value(1, STAGE, neutral=1)
    shared: bool = value(False, STAGE, neutral=False)

    def of(self, tasks: Mapping[str, str]) -> Self:
        """Return what an update of a stage sees; where there is one task, none shares with it."""
        return self if len(tasks) > 1 else replace(self, shared=False)

    def mixed(self, tasks: int, processes: int = 1) -> int | None:
        """Return the sentences that the tasks of an update share; None: they share none.

        Args:
            tasks: of the stage.
            processes: that share a batch.
        """
        return self.sentences * processes if self.shared and tasks > 1 else None
