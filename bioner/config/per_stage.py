"""Groups of which each stage of a run uses its own part, and groups that are a stage."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self


@dataclass
class PerStage:
    """A group of which a stage uses what its own tasks need."""

    def of(self, tasks: Mapping[str, str]) -> Self | None:
        """Return the group as a stage uses it; None: not at all.

        Args:
            tasks: of the stage, each with its role in it.
        """
        return self


@dataclass
class StageConfig(PerStage):
    """A group that is a stage of the run, which has the name of the group.

    It counts for its own stage alone, but for its fields that change what comes later. Stages
    follow each other as the groups do in the schema; each trains on the datasets that the group's
    fields with a role name, or on those of the stage that `trains_as` names.
    """

    trains_as: ClassVar[str | None] = None

    @property
    def left_out(self) -> bool:
        """Whether the run has no such stage."""
        return False

    @property
    def times(self) -> int:
        """How often it is trained, each time from what the time before left."""
        return 1

    @property
    def own_seed(self) -> int | None:
        """The seed that it is trained with; None: the run's."""
        return None

    def with_seed_of_run(self) -> Self:
        """Return the group without a seed of its own."""
        return self

    def without(self) -> Self:
        """Return the group as it is in a run that leaves the stage out, where one can."""
        return self
