"""What one stage trains on: what its config asks for, met with the data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bioner.batches.tokenizer import SpecialTokens
from bioner.train.stage_kinds import Asked
from bioner.train.tasks import Task


@dataclass(frozen=True)
class Stage:
    """What is trained on, for how long, and by what it is selected.

    Attributes:
        name: see `Asked`.
        tasks: the tasks that batches are drawn from.
        targets: those whose passes make an epoch.
        groups: the tasks on whose mean devel F1 each set of weights is selected.
        epochs: passes over the targets, or None.
        steps: updates, or None.
        patience: epochs without a better devel F1 after which it ends; None: it never does.
        affinity_every: updates between two looks at the tasks' affinity; None: nobody looks.
        conflict_every: updates between two looks at the tasks' gradients, likewise.
        group: of the config.
        taught: whether teachers label text for it.
    """

    name: str
    tasks: Mapping[str, Task]
    targets: Sequence[str]
    groups: Mapping[str, Sequence[str]]
    epochs: int | None
    steps: int | None
    patience: int | None = None
    affinity_every: int | None = None
    conflict_every: int | None = None
    group: str = ""
    taught: bool = False

    @property
    def tags(self) -> dict[str, tuple[str, ...]]:
        """The label space of each task."""
        return {name: task.corpus.tags for name, task in self.tasks.items()}

    def pieces(self, special: SpecialTokens) -> NDArray[np.int64]:
        """Return the ids of all pieces that its batches hold, sorted, [pieces]."""
        known = {*special.prefix, *special.suffix}
        for task in self.tasks.values():
            known |= task.training.vocabulary(task.used)
        return np.array(sorted(known), dtype=np.int64)

    @property
    def is_looked_at(self) -> bool:
        """Whether somebody looks at how its tasks get on, which no other run may have done."""
        return self.affinity_every is not None or self.conflict_every is not None

    @property
    def scored(self) -> list[str]:
        """The tasks that are scored on devel."""
        return [name for group in self.groups.values() for name in group]


def stage_of(asked: Asked, tasks: Mapping[str, Task]) -> Stage:
    """Return a stage with its tasks."""
    return Stage(
        asked.name,
        tasks,
        asked.passes,
        asked.groups,
        asked.epochs,
        asked.steps,
        asked.patience,
        asked.affinity_every,
        asked.conflict_every,
        asked.group,
        asked.taught,
    )
