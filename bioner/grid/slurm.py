"""Runs jobs on a Slurm cluster, by submitit.

submitit writes the batch script, hands the job over (as a pickle in `RUN/slurm`) and puts it back
into the queue when Slurm announces its end: by preemption, or because its time is over. What the
queue holds is asked of `squeue`, which, unlike submitit's `sacct`, needs no accounting database.
"""

import re
import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import submitit
from submitit.core.utils import FailedJobError

from bioner.config.launcher import SlurmOptions
from bioner.config.trainer import hardware
from bioner.errors import ConfigError, UserError
from bioner.grid.executor import TICK
from bioner.grid.jobs import Job
from bioner.grid.process import GRACE_SECONDS
from bioner.grid.remote import Followed, devices
from bioner.grid.slurm_queue import Queue
from bioner.grid.slurm_results import make_own, read_result
from bioner.grid.slurm_worker import SlurmWorker

# Seconds from a job's end until its result must be on the disk.
_RESULT = 15.0

_COMMANDS = ("sbatch", "srun", "squeue", "scancel", "scontrol")


def open_slurm(options: SlurmOptions, shared: Sequence[str]) -> "SlurmExecutor":
    """Return the queue of a cluster.

    Args:
        options: of the launcher.
        shared: overrides that all jobs get.

    Raises:
        ConfigError: submitit knows no such option, or there is no Slurm here.
    """
    missing = [name for name in _COMMANDS if shutil.which(name) is None]
    if missing and options.cluster == "slurm":
        found = f"is slurm, and there is no command {', '.join(missing)} here"
        raise ConfigError("hydra/launcher", found, "start the grid where sbatch is")
    try:
        _submitter(Path(), options).update_parameters(**_asked_for(options))
    except (NameError, TypeError, ValueError) as error:
        raise ConfigError("hydra.launcher.options", str(error).splitlines()[0]) from error
    return SlurmExecutor(options, shared)


def _submitter(folder: Path, options: SlurmOptions) -> submitit.AutoExecutor:
    return submitit.AutoExecutor(
        folder,
        options.cluster,
        slurm_max_num_timeout=options.requeues,
        local_max_num_timeout=options.requeues,
    )


def _asked_for(options: SlurmOptions) -> dict[str, Any]:
    return {f"slurm_{name}": value for name, value in (options.options or {}).items()}


class Submitted(Followed):
    """A job of the queue.

    Args:
        job: what is run; its state is changed here.
        submitted: what submitit knows of it.
        queue: what Slurm knows; None for submitit's own processes on this machine.
    """

    def __init__(self, job: Job, submitted: submitit.Job[Job], queue: Queue | None) -> None:
        super().__init__(job, f"job {submitted.job_id} is queued")
        self._submitted, self._queue = submitted, queue
        self._since: float | None = None
        self._stopped_at: float | None = None

    def ended(self) -> bool:
        """Say whether the job has ended; cancel it for good where it was stopped in vain."""
        if self._submitted.paths.result_pickle.exists():
            return True
        if self._queue is None:
            return bool(self._submitted.done())
        number, now = self._submitted.job_id, time.monotonic()
        over = self._queue.is_over(number)
        if self._stopped_at is not None:
            if now > self._stopped_at + GRACE_SECONDS:
                self._stopped_at = now
                self._scancel()
            return over is True or self._queue.state(number) == "COMPLETING"
        if not over:
            self._since = None
            return False
        # A disk of several machines may show a result late, and sooner to who lists the folder.
        list(self._submitted.paths.folder.iterdir())
        self._since = self._since or now
        return now > self._since + _RESULT

    def stop(self) -> None:
        """Ask the job to end: it is interrupted where it runs, and taken out of the queue."""
        self._stopped_at = time.monotonic()
        if self._queue is None:
            self._submitted.cancel()
        else:
            self._scancel("--state=PENDING")
            self._scancel("--signal=INT")

    def close(self) -> None:
        """Read in the job what became of it."""
        result = self._submitted.paths.result_pickle
        if result.exists():
            try:
                self.take(read_result(result))
            except UserError as error:
                self.lose(str(error))
        elif self._stopped_at is None:
            self.lose(self._why())
        elif self._queue is not None:  # perhaps it has not ended: a second Ctrl-C
            self._scancel()

    def _why(self) -> str:
        number = self._submitted.job_id
        if self._queue is None:
            return f"job {number} of submitit ended without a result"
        state = self._queue.state(number)
        return f"Slurm's job {number}: {state}; its log is {self._submitted.paths.stderr}"

    def _scancel(self, *options: str) -> None:
        command = ["scancel", *options, self._submitted.job_id]
        subprocess.run(command, check=False, stderr=subprocess.DEVNULL)  # it may have ended


class SlurmExecutor:
    """Puts jobs in the queue of a cluster.

    Args:
        options: of the launcher.
        shared: overrides that all jobs get.
    """

    def __init__(self, options: SlurmOptions, shared: Sequence[str]) -> None:
        self.at_once = options.n_jobs
        self._options, self._shared = options, shared
        self._queue = Queue() if options.cluster == "slurm" else None

    def start(self, job: Job) -> Submitted:
        """Submit a job, or follow it where an earlier start of the grid has left it in the queue.

        Raises:
            ConfigError: what is asked for can't be.
            UserError: Slurm refuses it.
        """
        found = self._in_queue(job)
        if found is None:
            make_own(job.directory / "slurm")
            executor = _submitter(job.directory / "slurm", self._options)
            executor.update_parameters(**self._resources(job))
            try:
                threads = self._options.cpus * devices(job)
                found = executor.submit(SlurmWorker(job, self._shared, threads))
            except FailedJobError as error:
                raise UserError(f"sbatch: {error}") from error
        return Submitted(job, found, self._queue)

    def listen(self, running: Sequence[Submitted]) -> None:
        """Wait a moment, and take what has come to the consoles."""
        time.sleep(TICK)
        for job in running:
            job.listen()

    def clear(self, running: Submitted) -> None:
        """Close a job that has ended."""
        running.close()

    def _in_queue(self, job: Job) -> submitit.SlurmJob[Job] | None:
        if self._queue is None:
            return None
        folder = job.directory / "slurm"
        for file in folder.glob("*_submitted.pkl"):
            number = re.sub(r"_submitted\.pkl$", "", file.name)
            if self._queue.is_over(number) is False:
                return submitit.SlurmJob(folder, number)
        return None

    def _resources(self, job: Job) -> dict[str, Any]:
        options, count = self._options, devices(job)
        found = {
            "name": "bioner",
            "timeout_min": options.time_limit,
            "nodes": 1,
            "tasks_per_node": 1,
            "cpus_per_task": options.cpus * count,
            "gpus_per_node": count if hardware(job.config.trainer).on_gpus else None,
            "mem_gb": options.memory,
            f"{options.cluster}_setup": options.setup or None,
        }
        return found | _asked_for(options)
