"""The process of one job: started, listened to, stopped with all that it started itself."""

import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from bioner.errors import UserError
from bioner.grid.console_lines import ConsoleLines
from bioner.grid.executor import TICK
from bioner.grid.jobs import Job, State
from bioner.grid.remedies import remedy, remedy_of
from bioner.grid.start import Start, start_anew
from bioner.machine.pipes import readable
from bioner.runs.record_file import read_record

# Seconds that a process gets to end by itself before it is killed.
GRACE_SECONDS = 10.0


def command(job: Job, shared: Sequence[str]) -> list[str]:
    """Return the words after `python` that run a job: `bioner` is started as this process was.

    Args:
        job: what is run.
        shared: overrides that all jobs of the grid get.
    """
    script = sys.modules["__main__"].__spec__ is None and Path(sys.argv[0]).is_file()
    bioner = [str(Path(sys.argv[0]).absolute())] if script else ["-m", "bioner"]
    return [*bioner, "train", *job.overrides, *shared]


class Process:
    """A job that runs, in a process group of its own.

    What it prints goes through this process into `console.log`, so that the reason for a failure
    is known here where the disk is full.

    Args:
        job: what is run; its state is changed here.
        words: its command line, after `python`.
        environment: variables besides this process's own.
        time_limit: seconds, or None.
        start: how it is started.

    Attributes:
        killed: by a signal from elsewhere, as of a machine without memory or at its end.
    """

    def __init__(
        self,
        job: Job,
        words: Sequence[str],
        environment: Mapping[str, str],
        time_limit: float | None,
        start: Start = start_anew,
    ) -> None:
        self.job, self.speaks = job, True
        self._said = ConsoleLines("starts")
        self._log: BinaryIO | None = (job.directory / "console.log").open("ab")
        self._before = _stamp(job.directory)
        self._limit, self._over = time_limit, False
        self._kill_at: float | None = None
        self.killed = False
        self.started = time.monotonic()
        self._process = start(words, environment)
        assert self._process.stdout is not None
        self.output = self._process.stdout.fileno()
        os.set_blocking(self.output, False)
        job.state = State.running

    @property
    def seconds(self) -> float:
        """How long it has been running."""
        return time.monotonic() - self.started

    @property
    def news(self) -> str:
        """How far it is."""
        return self._said.news

    @property
    def reached(self) -> str:
        """From where it goes on when it is started again, as far as it has said so."""
        return self._said.reached

    def new_warnings(self) -> list[str]:
        """Return what it has warned of since this was asked last."""
        return self._said.new_warnings()

    def wait(self) -> None:
        """Wait a moment, and take what it prints in it."""
        if not self.speaks:  # it closed its output and lives on
            time.sleep(TICK)
        elif readable([self.output], TICK):
            self.listen()

    def listen(self) -> None:
        """Take what it has printed since."""
        try:
            text = os.read(self.output, 65536)
        except BlockingIOError:
            return
        self.speaks = bool(text)
        if self._log is not None:
            try:
                self._log.write(text)
                self._log.flush()
            except OSError:  # a full disk: the job itself will say so
                self._log = None
        self._said.take(text)

    def ended(self) -> bool:
        """Say whether the process has ended; see to it that it does where its time is over."""
        if os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            return True
        if self._limit is not None and self.seconds > self._limit and not self._over:
            self._over = True
            self.stop()
        if self._kill_at is not None and time.monotonic() > self._kill_at:
            self.signal(signal.SIGKILL)
        return False

    def stop(self) -> None:
        """Ask the process and all that it started to end; what has not after a grace is killed."""
        self.signal(signal.SIGINT)
        self._kill_at = time.monotonic() + GRACE_SECONDS

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process and all that it started."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    def close(self) -> None:
        """Clear up after the process, and read in its job what became of it."""
        self.signal(signal.SIGKILL)  # what it left behind, such as the other processes of DDP
        code = self._process.wait()
        while self.speaks and readable([self.output], 0):
            self.listen()
        if self._log is not None:
            self._log.close()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self.job.seconds = self.seconds
        self._judge(code)

    def _judge(self, code: int) -> None:
        job = self.job
        if self._over:
            job.fail(
                f"stopped: it took longer than {self._limit:.0f} s (hydra.launcher.time_limit); "
                "with more the same command goes on from the last checkpoint"
            )
        elif (by := _signal_of(code)) is not None:
            self.killed = True
            job.fail(f"killed by {by.name}; last words: {self._said.last()}{remedy_of(by)}")
        elif code > 0:
            job.fail(self._reason())
        else:
            try:
                there = job.take()
            except UserError as error:
                job.fail(str(error))
                return
            if not there:
                job.fail(f"left no record in {job.directory}: its config is not the grid's")

    def _reason(self) -> str:
        """Return the error of the record that the process wrote, or else its last words."""
        if _stamp(self.job.directory) != self._before:
            try:
                error = read_record(self.job.directory).error
            except UserError:
                error = None
            if error:
                ours = error.type in ("UserError", "ConfigError", "DataError")
                if ours:
                    return error.message
                return f"{error.type}: {error.message}{remedy(error, self.job.directory)}"
        return self._said.last()


def _signal_of(code: int) -> signal.Signals | None:
    """Return the signal that ended a process, one that it caught to end in order included."""
    number = -code if code < 0 else code - 128
    return signal.Signals(number) if number in set(signal.Signals) else None


def _stamp(directory: Path) -> int | None:
    """Return what changes when a record is written."""
    try:
        return (directory / "record.json").stat().st_mtime_ns
    except OSError:
        return None
