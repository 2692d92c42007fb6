"""Runs jobs on this machine: a process each, in slots."""

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from bioner.grid.executor import TICK
from bioner.grid.jobs import Job
from bioner.grid.process import Process, command
from bioner.grid.slots import Slot, make_slots
from bioner.grid.warm import Starts
from bioner.machine.pipes import readable


@dataclass(frozen=True)
class LocalOptions:
    """The options of the launcher, as in conf/hydra/launcher/processes.yaml."""

    n_jobs: int | None
    gpus: Sequence[str] | None
    time_limit: float | None


class LocalExecutor:
    """Runs jobs on this machine.

    Args:
        options: of the launcher.
        shared: overrides that all jobs get.
    """

    def __init__(self, options: LocalOptions, shared: Sequence[str]) -> None:
        limit = options.time_limit
        slots = make_slots(options.n_jobs, options.gpus)
        self.at_once, self._free = len(slots), deque(slots)
        self._starts = Starts()
        self._shared, self._limit = shared, None if limit is None else 60 * limit
        self._taken: dict[Process, Slot] = {}

    def start(self, job: Job) -> Process:
        """Start a job in a free slot."""
        slot = self._free[0]
        environment = slot.environment(job.config)
        start = self._starts.of(job.config)
        process = Process(job, command(job, self._shared), environment, self._limit, start)
        self._taken[process] = self._free.popleft()
        return process

    def listen(self, running: Sequence[Process]) -> None:
        """Wait a moment, and take what the processes print."""
        speakers = {process.output: process for process in running if process.speaks}
        for output in readable(speakers, TICK):
            speakers[output].listen()
        if len(speakers) < len(running):  # one closed its output and lives on
            time.sleep(TICK)

    def clear(self, running: Process) -> None:
        """Close a process that has ended, and free its slot."""
        running.close()
        self._free.append(self._taken.pop(running))
