"""The jobs of a grid: every one composed and checked before any runs, and what is left to do."""

import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from hydra.core.utils import filter_overrides
from omegaconf import DictConfig

from bioner.config.explain import explain
from bioner.config.hydra_setup import run_asked_by
from bioner.config.train import TrainConfig
from bioner.errors import UserError
from bioner.runs.course import Course, stopped_course
from bioner.runs.inputs import check_inputs
from bioner.runs.record import Record, mean_devel
from bioner.runs.record_file import finished
from bioner.runs.scores import mean_known

log = logging.getLogger(__name__)

# Characters of the line that says why a job failed.
_LONGEST = 500

Compose = Callable[[Sequence[str]], DictConfig]
"""Composes the config of one job from its overrides, Hydra's own part included."""


class State(StrEnum):
    """What is known of a job; the values are what a user reads."""

    to_do = "to do"
    to_resume = "to resume"  # started and not ended: goes on from its checkpoint, if it has one
    to_retry = "to retry"  # its record says that it failed
    running = "running"
    done = "done"
    on_its_way = "on its way"  # stopped where it was to; goes on with a later stop
    failed = "failed"
    stopped = "stopped"  # by the user; the next start goes on


OPEN = (State.to_do, State.to_resume, State.to_retry)
ENDED_WELL = (State.done, State.on_its_way)


@dataclass(eq=False)
class Job:
    """One run of a grid.

    Attributes:
        overrides: what one would type after `bioner train`.
        label: those of its overrides that not all jobs of the grid share.
        config: checked.
        directory: of the run.
        state: what is known of it.
        error: why it failed, in a line.
        seconds: that it took, if it ran in this start.
        record: what it left, once it is done; None before.
        course: what it left where it was to stop on its way; None before and after.
    """

    overrides: tuple[str, ...]
    config: TrainConfig
    directory: Path
    label: str = ""
    state: State = State.to_do
    error: str = ""
    seconds: float | None = None
    record: Record | None = None
    course: Course | None = None

    @property
    def test_f1(self) -> float | None:
        """The mean test F1 of the targets that have a test mention, once it is done."""
        if self.record is None:
            return None
        return mean_known(one.test_f1 for one in self.record.scores.values())

    @property
    def devel_f1(self) -> float:
        """The mean devel F1 of the targets, as far as it has come; NaN where there is none."""
        if self.record is not None:
            return mean_devel(self.record)
        return math.nan if self.course is None else self.course.mean(self.config)

    def take(self) -> bool:
        """Take what the run has left, where it is done, or as far as it was to come.

        Raises:
            UserError: it is damaged.
        """
        self.record = finished(self.directory)
        if self.record is not None:
            self.state = State.done
            return True
        self.course = stopped_course(self.directory, self.config.stop_after)
        if self.course is not None:
            self.state = State.on_its_way
        return self.course is not None

    def look(self) -> None:
        """Find out from the run directory what is left to do."""
        self.state = State.to_do
        if self.config.rerun:
            return
        try:
            there = self.take()
        except UserError as error:
            self.fail(f"{error}; rerun=true runs it again")
            return
        found = self.record
        if there and found is not None:
            try:
                check_inputs(self.config, found)
            except UserError as error:
                self.record = None
                self.fail(str(error))
        elif there:
            return
        elif (self.directory / "record.json").exists():
            self.state = State.to_retry
        elif (self.directory / "config.yaml").exists():
            self.state = State.to_resume

    def fail(self, error: str) -> None:
        """Note why the job failed, and what helps, in a line.

        What helps stands last, so that of a long message the middle is left out.
        """
        line = " ".join(error.split())
        if len(line) > _LONGEST:
            line = f"{line[: _LONGEST // 2]} … {line[-_LONGEST // 2 :]}"
        self.state, self.error = State.failed, line


def compose_jobs(
    overrides: Sequence[Sequence[str]], compose: Compose, own: Sequence[Path]
) -> list[Job]:
    """Compose and check every job of a grid; the same run asked for twice is one `Job` object.

    Args:
        overrides: of each job.
        compose: makes the config of one.
        own: the user's folders of configs, for messages.

    Returns:
        A job for each entry of `overrides`, in the same order.

    Raises:
        UserError: there is no job, or some can't be composed; all of those are named.
    """
    if not overrides:
        raise UserError("the sweep is empty: one of its overrides names no value at all")
    labels = _labels(overrides)
    jobs: list[Job] = []
    known: dict[Path, Job] = {}
    wrong: list[str] = []
    for given, label in zip(overrides, labels, strict=True):
        try:
            job = _job(given, compose)
        except Exception as error:
            message = explain(error, own, TrainConfig)
            if message is None:
                raise
            wrong.append(f"{label}: {message}" if label else message)
            continue
        job.label = label or job.directory.name
        jobs.append(known.setdefault(job.directory, job))
    if wrong:
        named = "\n  ".join(dict.fromkeys(wrong))
        raise UserError(f"wrong jobs: {len(wrong)} of {len(overrides)}; none is run:\n  {named}")
    return jobs


def _job(overrides: Sequence[str], compose: Compose) -> Job:
    directory, config = run_asked_by(compose(overrides))
    return Job(tuple(overrides), config, directory)


def _labels(overrides: Sequence[Sequence[str]]) -> list[str]:
    """Return, for each job, those of its overrides that not all jobs have."""
    own = [filter_overrides(given) for given in overrides]
    shared = set(own[0]).intersection(*own)
    return [" ".join(word for word in given if word not in shared) for given in own]
