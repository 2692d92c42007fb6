"""Runs the jobs of a grid that are not finished, each in its own process."""

import select
import signal
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from filelock import FileLock, Timeout
from hydra.core.utils import JobReturn, JobStatus
from hydra.types import HydraContext
from omegaconf import DictConfig

from bioner.errors import ConfigError, UserError
from bioner.grid.board import Board, print_jobs
from bioner.grid.compose import Composer
from bioner.grid.jobs import OPEN, Job, State, compose_jobs
from bioner.grid.process import Process
from bioner.grid.slots import Slot, make_slots
from bioner.study.record import mean_devel

# Seconds between two looks at the processes, and at the jobs that another start is running.
_TICK, _LOCKED = 0.25, 2.0

_ENDING = (signal.SIGTERM, signal.SIGHUP)

# Overrides of the grid itself, which no job of it gets; `hydra/job_logging` is set for all.
_OF_THE_GRID = ("hydra.mode", "hydra/launcher", "hydra.launcher", "hydra/sweeper", "hydra.sweep",
                "hydra/job_logging")  # fmt: skip


@dataclass(frozen=True)
class Places:
    """The options of the launcher, as in conf/hydra/launcher/processes.yaml."""

    n_jobs: int | None
    gpus: Sequence[str] | None
    time_limit: float | None


def launch(
    context: HydraContext, master: DictConfig, overrides: Sequence[Sequence[str]], places: Places
) -> list[JobReturn]:
    """Compose all jobs of a grid, run what is missing and show what became of each.

    Args:
        context: Hydra's loader of configs.
        master: the config of the grid.
        overrides: of each job.
        places: where they run.

    Returns:
        For each job the mean devel F1 of its targets, or the error with which it failed.

    Raises:
        UserError: the grid can't be composed.
        SystemExit: after `dry_run=true`.
        KeyboardInterrupt: the user stopped the grid; its processes have ended.
    """
    if places.time_limit is not None and places.time_limit <= 0:
        raise ConfigError(
            "hydra.launcher.time_limit", f"is {places.time_limit}", "minutes, above 0"
        )
    slots = make_slots(places.n_jobs, places.gpus)
    jobs = compose_jobs(overrides, Composer(context.config_loader, master))
    grid = list(dict.fromkeys(jobs))
    for job in grid:
        job.look()
    if master.dry_run:
        print_jobs(grid, twice=len(jobs) - len(grid))
        raise SystemExit(0)
    with Board(grid, twice=len(jobs) - len(grid), at_once=len(slots)) as board:
        _Run(grid, slots, _for_all(master), places.time_limit, board).go()
    return [_result(job) for job in jobs]


def _for_all(master: DictConfig) -> list[str]:
    """Return the words of the command line that every job gets besides its overrides."""
    words = [word for word in master.hydra.overrides.hydra if not word.startswith(_OF_THE_GRID)]
    folders = [source.path for source in master.hydra.runtime.config_sources
               if source.provider == "command-line"]  # fmt: skip
    for folder in folders:
        words += ["--config-dir", folder]
    return [*words, "hydra/job_logging=piped", "hydra.mode=RUN"]


def _result(job: Job) -> JobReturn:
    done = job.state is State.done
    value: Any = mean_devel(job.record["best"]) if done else UserError(f"{job.label}: {job.error}")
    return JobReturn(
        overrides=job.overrides,
        working_dir=str(job.directory),
        status=JobStatus.COMPLETED if done else JobStatus.FAILED,
        _return_value=value,
    )


class _Run:
    """One start of a grid."""

    def __init__(
        self,
        jobs: Sequence[Job],
        slots: Sequence[Slot],
        for_all: Sequence[str],
        time_limit: float | None,
        board: Board,
    ) -> None:
        self._waiting = deque(job for job in jobs if job.state in OPEN)
        self._free, self._for_all, self._board = deque(slots), for_all, board
        self._limit = None if time_limit is None else 60 * time_limit
        self._running: dict[Process, tuple[Slot, FileLock]] = {}
        self._look_again = 0.0

    def go(self) -> None:
        """Run until nothing is left, or until the user stops it."""
        with _signals_interrupt():
            try:
                while self._waiting or self._running:
                    self._fill()
                    self._attend()
            except BaseException:
                self._stop()
                raise

    def _fill(self) -> None:
        """Start jobs in the free slots; those that another start of the grid runs come later."""
        if time.monotonic() < self._look_again:
            return
        for _ in range(len(self._waiting)):
            if not self._free:
                return
            job = self._waiting.popleft()
            try:
                self._start(job)
            except Timeout:
                self._waiting.append(job)
                self._board.elsewhere(job)
            except OSError as error:
                job.fail(f"{error.filename or job.directory}: {error.strerror}")
                self._board.ended(job)
        if self._waiting and self._free:
            self._look_again = time.monotonic() + _LOCKED

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
            slot = self._free[0]
            process = Process(job, self._for_all, slot.environment(job.config), self._limit)
            on_error.pop_all()
        self._free.popleft()
        self._running[process] = slot, lock
        self._board.started(process)

    def _attend(self) -> None:
        """Listen to the processes for a moment, and clear up after those that have ended."""
        self._listen()
        for process in [process for process in self._running if process.ended()]:
            self._close(process)
        self._board.refresh(list(self._running))

    def _listen(self) -> None:
        speakers = {process.output: process for process in self._running if process.speaks}
        for output in select.select(list(speakers), [], [], _TICK)[0]:
            speakers[output].listen()
        if len(speakers) < len(self._running):  # one closed its output and lives on
            time.sleep(_TICK)

    def _close(self, process: Process, stopped: bool = False) -> None:
        slot, lock = self._running.pop(process)
        process.close()
        lock.release()
        self._free.append(slot)
        if stopped and process.job.state is not State.done:
            process.job.state, process.job.error = State.stopped, ""
        self._board.ended(process.job)

    def _stop(self) -> None:
        """End all processes; a second Ctrl-C kills them at once."""
        for process in self._running:
            process.stop()
        with suppress(KeyboardInterrupt):
            while False in [process.ended() for process in self._running]:
                self._listen()
        for process in list(self._running):
            self._close(process, stopped=True)


@contextmanager
def _signals_interrupt() -> Iterator[None]:
    """Let the signals that end a session stop a grid as Ctrl-C does."""

    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in _ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
