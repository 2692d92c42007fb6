"""What runs in an allocation of Slurm: a job, for submitit, which pickles it and its result."""

import os
import signal
import time
from collections.abc import Sequence

from submitit.core.utils import DelayedSubmission

from bioner.grid.console_lines import warning_line
from bioner.grid.executor import TICK
from bioner.grid.jobs import ENDED_WELL, Job
from bioner.grid.process import Process
from bioner.grid.remote import Worker
from bioner.grid.requeues import Requeues
from bioner.grid.slurm_results import keep_own


class SlurmWorker(Worker):
    """Runs a job in an allocation; submitit calls `checkpoint` before it requeues."""

    _told_to_end = False

    def __init__(self, job: Job, shared: Sequence[str], threads: int) -> None:
        super().__init__(job, shared, threads)
        self._console, self._requeues = job.directory / "console.log", Requeues()

    def __call__(self) -> Job:
        """Run the job to its end, and return what became of it."""
        # Lightning starts the processes of a job itself, as everywhere; it must not take those of
        # `srun` for them.
        os.environ.pop("SLURM_NTASKS", None)
        if os.environ["SUBMITIT_EXECUTOR"] == "slurm":
            signal.signal(signal.SIGTERM, self._note)
        try:
            return super().__call__()
        finally:
            keep_own()

    def checkpoint(self) -> DelayedSubmission:
        """End the process, whose checkpoint the next one goes on from, and say what that runs."""
        warning = self._requeues.note(self.stop())
        if warning:
            with self._console.open("ab") as console:
                console.write(warning_line(warning))
        return DelayedSubmission(self)

    def _note(self, number: int, frame: object) -> None:
        self._told_to_end = True

    def _ended(self, process: Process) -> Job:
        """Return what became of the job, unless Slurm ended it: then Slurm knows what comes next.

        Slurm sends SIGTERM to all processes of a job: to the run and to this one.
        """
        if process.killed:
            time.sleep(TICK)  # the signal may reach this process last
        if self._told_to_end and process.job.state not in ENDED_WELL:
            time.sleep(10 * 60)  # until Slurm kills or submitit requeues, not for another end
        return process.job
