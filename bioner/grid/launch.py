"""Runs the jobs of a grid that are not finished, each in a process of its own."""

import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, Generic

from filelock import FileLock, Timeout
from hydra.core.utils import JobReturn, JobStatus
from hydra.types import HydraContext
from omegaconf import DictConfig

from bioner.config.hydra_setup import own_folders
from bioner.errors import Stopped, UserError
from bioner.grid.board import Board, print_jobs, say_lines
from bioner.grid.compose import Composer
from bioner.grid.executor import Executor, R
from bioner.grid.jobs import ENDED_WELL, OPEN, Job, State, compose_jobs
from bioner.grid.preflight import preflight

# Seconds between two looks at the jobs that another start is running.
_LOCKED = 2.0

# Overrides of the grid itself, which no job of it gets; `hydra/job_logging` is set for all.
_OF_THE_GRID = (
    "hydra.mode",
    "hydra/launcher",
    "hydra.launcher",
    "hydra/sweeper",
    "hydra.sweep",
    "hydra/job_logging",
)


MakeExecutor = Callable[[Sequence[str]], Executor[Any]]
"""Makes the executor of jobs that get these overrides besides their own."""


def launch(
    context: HydraContext,
    master: DictConfig,
    overrides: Sequence[Sequence[str]],
    make_executor: MakeExecutor,
) -> list[JobReturn]:
    """Compose all jobs of a grid, run what is missing and show what became of each.

    Args:
        context: Hydra's loader of configs.
        master: the config of the grid.
        overrides: of each job.
        make_executor: makes what runs them.

    Returns:
        For each job the mean devel F1 of its targets, as far as it was to come, or the error with
        which it failed.

    Raises:
        UserError: the grid can't be composed.
        SystemExit: after `dry_run=true`.
        Stopped: a signal stopped the grid; its processes have ended.
    """
    own = own_folders(master.hydra)
    jobs = compose_jobs(overrides, Composer(context.config_loader, master), own)
    grid = list(dict.fromkeys(jobs))
    for job in grid:
        job.look()
    if master.dry_run:
        print_jobs(grid, twice=len(jobs) - len(grid))
        say_lines(preflight(grid))
        raise SystemExit(0)
    executor = make_executor(_for_all(master, own))
    at_once = min(len(grid), executor.at_once)
    say_lines(preflight(grid, at_once))
    with Board(grid, twice=len(jobs) - len(grid), at_once=at_once) as board:
        _Run(grid, executor, board).go()
    return [_result(job) for job in jobs]


def _for_all(master: DictConfig, own: Sequence[Path]) -> list[str]:
    """Return the words of the command line that every job gets besides its overrides."""
    words = [word for word in master.hydra.overrides.hydra if not word.startswith(_OF_THE_GRID)]
    folders = [f"--config-dir={folder}" for folder in own]
    return [*words, "hydra/job_logging=piped", "hydra.mode=RUN", *folders]


def _result(job: Job) -> JobReturn:
    done = job.state in ENDED_WELL
    return JobReturn(
        overrides=job.overrides,
        working_dir=str(job.directory),
        status=JobStatus.COMPLETED if done else JobStatus.FAILED,
        _return_value=job.devel_f1 if done else UserError(f"{job.label}: {job.error}"),
    )


class _Run(Generic[R]):
    """One start of a grid."""

    def __init__(self, jobs: Sequence[Job], executor: Executor[R], board: Board) -> None:
        self._waiting = deque(job for job in jobs if job.state in OPEN)
        self._executor, self._board = executor, board
        self._running: dict[R, FileLock] = {}
        self._look_again = 0.0

    def go(self) -> None:
        """Run until nothing is left, or until a signal stops it."""
        try:
            while self._waiting or self._running:
                self._fill()
                self._attend()
        except BaseException:
            self._stop()
            raise

    def _fill(self) -> None:
        """Start what the executor takes; jobs that another start of the grid runs come later."""
        if time.monotonic() < self._look_again:
            return
        for _ in range(len(self._waiting)):
            if not self._has_room():
                return
            job = self._waiting.popleft()
            try:
                self._start(job)
            except Timeout:
                self._waiting.append(job)
                self._board.elsewhere(job)
            except UserError as error:
                self._refuse(job, str(error))
            except OSError as error:
                self._refuse(job, f"{error.filename or job.directory}: {error.strerror}")
        if self._waiting and self._has_room():
            self._look_again = time.monotonic() + _LOCKED

    def _refuse(self, job: Job, why: str) -> None:
        job.fail(why)
        self._board.ended(job)

    def _has_room(self) -> bool:
        return len(self._running) < self._executor.at_once

    def _start(self, job: Job) -> None:
        job.directory.mkdir(parents=True, exist_ok=True)
        lock = FileLock(job.directory / "grid.lock")
        lock.acquire(timeout=0)
        with ExitStack() as on_error:
            on_error.callback(lock.release)
            job.look()  # another start may have ended it in the meantime
            if job.state not in OPEN:
                self._board.ended(job)
                return
            self._running[started := self._executor.start(job)] = lock
            on_error.pop_all()
        self._board.started(started)

    def _attend(self) -> None:
        """Listen to the jobs for a moment, and clear up after those that have ended."""
        self._executor.listen(list(self._running))
        for running in [running for running in self._running if running.ended()]:
            self._clear(running)
        self._board.refresh(list(self._running))

    def _clear(self, running: R, stopped: bool = False) -> None:
        lock = self._running.pop(running)
        self._executor.clear(running)
        lock.release()
        if stopped and running.job.state not in ENDED_WELL:
            running.job.state, running.job.error = State.stopped, ""
        self._board.ended(running.job)

    def _stop(self) -> None:
        """End all that runs; a second Ctrl-C kills it at once."""
        for running in self._running:
            running.stop()
        with suppress(Stopped):
            while False in [running.ended() for running in self._running]:
                self._executor.listen(list(self._running))
        for running in list(self._running):
            self._clear(running, stopped=True)
