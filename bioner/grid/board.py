"""What one sees of a grid: a live table on a terminal, lines elsewhere, every job at the end."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from bioner.config.train import TrainConfig
from bioner.grid.executor import Running
from bioner.grid.jobs import OPEN, Job, State
from bioner.grid.preflight import preflight
from bioner.runs.clock import clock
from bioner.runs.percent import percent

_COLOURS = {State.done: "green", State.failed: "red", State.stopped: "yellow"}


def _short(directory: Path) -> str:
    here = Path.cwd()
    return str(directory.relative_to(here) if directory.is_relative_to(here) else directory)


def _counts(jobs: Sequence[Job]) -> str:
    found = Counter(job.state for job in jobs)
    return ", ".join(f"{found[state]} {state}" for state in State if found[state])


def _jobs(count: int) -> str:
    return "1 job" if count == 1 else f"{count} jobs"


def print_jobs(jobs: Sequence[Job], twice: int) -> None:
    """Print every job with its state, test F1, seconds and run directory, then all errors.

    Args:
        jobs: of the grid.
        twice: how many more were asked for that are the same as one of these.
    """
    table = Table("state", "test F1, %", "time", "job", "run directory", box=None, pad_edge=False)
    for job in jobs:
        seconds = job.record.timing.wall_seconds if job.record else job.seconds
        table.add_row(
            Text(job.state, style=_COLOURS.get(job.state, "")),
            "" if job.test_f1 is None else percent(job.test_f1),
            "" if seconds is None else clock(seconds),
            Text(job.label),
            Text(_short(job.directory)),
        )
    # A row is a line, however narrow the terminal is: paths stay whole.
    console = Console(highlight=False, width=10_000)
    console.print(table)
    for job in jobs:
        if job.state is State.failed:
            console.print(Text(f"failed: {job.label}: {job.error}"), soft_wrap=True)
    same = f"; {twice} more asked for are the same as one of these" if twice else ""
    console.print(Text(f"{_jobs(len(jobs))}: {_counts(jobs)}{same}"), soft_wrap=True)


def say_lines(lines: Iterable[str]) -> None:
    """Print lines as they are, however long."""
    console = Console(highlight=False)
    for line in lines:
        console.print(Text(line), soft_wrap=True)


def show_job(config: TrainConfig, directory: Path) -> None:
    """Print what is known of a single run."""
    job = Job((), config, directory, directory.name)
    job.look()
    print_jobs([job], twice=0)
    say_lines(preflight([job]))


class Board:
    """Follows a grid.

    Args:
        jobs: of the grid.
        twice: how many more were asked for that are the same as one of these.
        at_once: jobs that run at a time.
    """

    def __init__(self, jobs: Sequence[Job], twice: int, at_once: int) -> None:
        self._jobs, self._twice, self._at_once = jobs, twice, at_once
        self._console = Console(highlight=False)
        self._live = Live(console=self._console, refresh_per_second=2, transient=True)
        self._elsewhere: set[Job] = set()
        self._running: Sequence[Running] = ()

    def __enter__(self) -> Self:
        same = f" ({self._twice} more are the same as one of these)" if self._twice else ""
        self._say(
            f"{_jobs(len(self._jobs))}{same}: {_counts(self._jobs)}; {self._at_once} at a time"
        )
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._live.stop()
        print_jobs(self._jobs, self._twice)

    def started(self, running: Running) -> None:
        """Say that a job runs."""
        if not self._live.is_started:
            self._say(f"starts: {running.job.label} in {_short(running.job.directory)}")

    def elsewhere(self, job: Job) -> None:
        """Say, once, that another start of the grid runs a job."""
        if job not in self._elsewhere:
            self._elsewhere.add(job)
            self._say(f"another start runs it, looks again later: {job.label}")

    def ended(self, job: Job) -> None:
        """Say what became of a job."""
        score = "" if job.test_f1 is None else f", test F1 {percent(job.test_f1)}"
        if job.course is not None:
            score = f", devel F1 {percent(job.devel_f1)} after epoch {job.course.epochs}"
        time = "" if job.seconds is None else f", {clock(job.seconds)}"
        why = f": {job.error}" if job.error else ""
        self._say(f"{job.state}{score}{time}: {job.label}{why}; {self._rest()}")

    def refresh(self, running: Sequence[Running]) -> None:
        """Show how far the running jobs are, and what they warn of."""
        self._running = running
        for one in running:
            for warning in one.new_warnings():
                self._say(f"warning: {one.job.label}: {warning}")
        if self._live.is_started:
            self._live.update(self._table())

    def _say(self, text: str) -> None:
        self._console.print(Text(text), soft_wrap=True)

    def _rest(self) -> str:
        left = sum(job.state in OPEN or job.state is State.running for job in self._jobs)
        took = [job.seconds for job in self._jobs if job.seconds is not None]
        if not took or not left:
            return f"{left} left"
        pace = sum(took) / len(took)
        running = [one for one in self._running if one.job.state is State.running]
        behind = sum(min(one.seconds, pace) for one in running)
        return f"{left} left, ETA {clock(max(0.0, pace * left - behind) / self._at_once)}"

    def _table(self) -> Group:
        table = Table("running", "time", "progress", box=None, pad_edge=False)
        for one in self._running:
            table.add_row(Text(one.job.label), clock(one.seconds), Text(one.news))
        return Group(table, Text(f"{_counts(self._jobs)}; {self._rest()}"))
