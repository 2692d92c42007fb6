"""What every launcher offers in its own way: something that runs jobs."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

from bioner.grid.jobs import Job

TICK = 0.25
"""Seconds between two looks at the jobs that run."""


class Running(Protocol):
    """A job that has been started, or that waits in the queue of a cluster."""

    job: Job

    @property
    def news(self) -> str:
        """How far it is, in a few words."""

    @property
    def seconds(self) -> float:
        """How long it has been running."""

    def new_warnings(self) -> list[str]:
        """Return what it has warned of since this was asked last."""

    def ended(self) -> bool:
        """Say whether it has ended; see to it that it does where it was stopped."""

    def stop(self) -> None:
        """Ask it to end, with all that it started."""

    def close(self) -> None:
        """Clear up after it, and read in its job what became of it."""


R = TypeVar("R", bound=Running)


class Executor(Protocol[R]):
    """Runs jobs.

    Attributes:
        at_once: how many it takes at a time.
    """

    at_once: int

    def start(self, job: Job) -> R:
        """Start a job, or put it in the queue.

        Raises:
            OSError, UserError: this one can't be started; others may.
        """

    def listen(self, running: Sequence[R]) -> None:
        """Wait a moment, and take what the jobs have said."""

    def clear(self, running: R) -> None:
        """Close a job that has ended, and give its share back."""
