"""Jobs on other machines that share this one's disk: what runs there, and how it is followed."""

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from bioner.config.trainer import hardware
from bioner.errors import ConfigError
from bioner.grid.console_lines import ConsoleLines
from bioner.grid.jobs import ENDED_WELL, Job, State
from bioner.grid.process import Process, command
from bioner.grid.slots import Slot


class Worker:
    """Runs a job on the machine that it finds itself on, as the process launcher does here.

    Args:
        job: what is run.
        shared: overrides that all jobs get.
        threads: that it may use.
    """

    def __init__(self, job: Job, shared: Sequence[str], threads: int) -> None:
        self._job, self._words, self._folder = job, command(job, shared), Path.cwd()
        self._environment = Slot(None, threads).environment(job.config)
        self._process: Process | None = None

    def __call__(self) -> Job:
        """Run the job to its end, and return what became of it."""
        os.chdir(self._folder)
        process = self._process = Process(self._job, self._words, self._environment, None)
        try:
            while not process.ended():
                process.wait()
        except BaseException:  # cancelled or preempted: what runs ends first
            self.stop()
            raise
        process.close()
        return self._ended(process)

    def stop(self) -> str:
        """End the process, if one runs, and wait until it has ended.

        Returns:
            From where it goes on when it is started again, as far as it says so.
        """
        process, self._process = self._process, None
        if process is None:
            return ""
        if not process.ended():
            process.stop()
            while not process.ended():
                process.wait()
        process.listen()
        return process.reached

    def _ended(self, process: Process) -> Job:
        return process.job


class Followed:
    """A job on another machine, known by its console in the run directory.

    Args:
        job: what is run; its state is changed here.
        news: what is said of it until it says something itself.
    """

    def __init__(self, job: Job, news: str) -> None:
        self.job = job
        self._said, self._console = ConsoleLines(news), job.directory / "console.log"
        self._at = self._console.stat().st_size if self._console.exists() else 0
        self._begun: float | None = None
        job.state = State.running

    @property
    def news(self) -> str:
        """How far it is."""
        return self._said.news

    @property
    def seconds(self) -> float:
        """How long it has been running; 0 while it waits in the queue."""
        return 0.0 if self._begun is None else time.monotonic() - self._begun

    def new_warnings(self) -> list[str]:
        """Return what it has warned of since this was asked last."""
        return self._said.new_warnings()

    def listen(self) -> None:
        """Take what has come to its console since."""
        with suppress(FileNotFoundError), self._console.open("rb") as file:
            file.seek(self._at)
            text = file.read()
            self._at += len(text)
            if text:
                self._begun = self._begun or time.monotonic()
                self._said.take(text)

    def take(self, ended: Job) -> None:
        """Take over what the worker says became of the job."""
        job = self.job
        job.state, job.error, job.record = ended.state, ended.error, ended.record
        job.course, job.seconds = ended.course, ended.seconds

    def lose(self, why: str) -> None:
        """Note that the job ended without a word of its worker; its record may speak for it."""
        self.listen()
        self.job.look()
        self.job.seconds = self.seconds
        if self.job.state not in ENDED_WELL:
            self.job.fail(f"{why}; last words: {self._said.last()}")


def devices(job: Job) -> int:
    """Return how many devices a job trains on, one process each.

    Raises:
        ConfigError: no number says so, or they are on several machines.
    """
    asked = hardware(job.config.trainer)
    if asked.num_nodes != 1:
        raise ConfigError("trainer.num_nodes", f"is {asked.num_nodes}", "a job has one node")
    count = asked.devices
    if isinstance(count, list):
        return len(count)
    if not isinstance(count, int) or count < 1:
        legal = "a number: so many are asked of the cluster"
        raise ConfigError("trainer.devices", f"is {count}", legal)
    return count
