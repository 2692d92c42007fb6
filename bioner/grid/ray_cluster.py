"""Runs jobs on a Ray cluster: one that is made here, or one that `ray start` made."""

import logging
import os
import time
from collections.abc import Sequence

import ray
from ray.exceptions import RayError

from bioner.config.launcher import RayOptions
from bioner.config.trainer import hardware
from bioner.errors import ConfigError, UserError
from bioner.grid.executor import TICK
from bioner.grid.jobs import Job
from bioner.grid.process import GRACE_SECONDS, Process
from bioner.grid.remote import Followed, Worker, devices
from bioner.machine.ray_address import check_answers

# A machine's own, or Ray's; all other variables of the shell that starts a grid go to its jobs.
_NOT_HANDED_ON = ("CUDA_VISIBLE_DEVICES", "RAY_", "TMPDIR", "HOSTNAME", "PWD")


class Killed(Exception):
    """A job's process was killed by a signal: a reason to try again, unlike its own errors."""


class RayWorker(Worker):
    """Runs a job where Ray puts it."""

    def _ended(self, process: Process) -> Job:
        if process.killed:
            raise Killed(process.job.error)
        return process.job


def open_ray(options: RayOptions, shared: Sequence[str]) -> "RayExecutor":
    """Return a cluster, which is made where none is named.

    A process has one: a search, which is a grid after the other, keeps it until it ends.

    Args:
        options: of the launcher.
        shared: overrides that all jobs get.

    Raises:
        ConfigError: there is no cluster at the address.
    """
    if ray.is_initialized():
        return RayExecutor(options, shared)
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    handed_on = {
        name: value for name, value in os.environ.items() if not name.startswith(_NOT_HANDED_ON)
    }
    try:
        # Without an address Ray would take any cluster that it finds on this machine.
        address = options.address or "local"
        check_answers(address)
        ray.init(
            address,
            include_dashboard=None if options.address else False,
            log_to_driver=False,
            logging_level=logging.ERROR,
            runtime_env={"env_vars": handed_on},
        )
    except Exception as error:  # a bare Exception where its processes don't start in time
        found = f"is {options.address}: {' '.join(str(error).split())}"
        # Ray shows its token to no HOST:PORT unasked, and its error does not say so. `ray start`
        # wants one wherever ~/.ray/auth_token is, which a cluster made here leaves behind.
        legal = "null, auto or HOST:PORT, with RAY_AUTH_MODE=token where the cluster wants a token"
        raise ConfigError("hydra.launcher.address", found, legal) from error
    return RayExecutor(options, shared)


def _work(worker: RayWorker) -> Job:
    return worker()


class Task(Followed):
    """A job that Ray has.

    Args:
        job: what is run; its state is changed here.
        reference: of the task.
    """

    def __init__(self, job: Job, reference: "ray.ObjectRef[Job]") -> None:
        super().__init__(job, "is queued")
        self._reference, self._kill_at = reference, float("inf")

    def ended(self) -> bool:
        """Say whether the task has ended; kill it where it was stopped in vain."""
        done, _ = ray.wait([self._reference], timeout=0)
        if not done and time.monotonic() > self._kill_at:
            ray.cancel(self._reference, force=True)
        return bool(done)

    def stop(self) -> None:
        """Interrupt the task, or take it out of the queue."""
        ray.cancel(self._reference)
        self._kill_at = time.monotonic() + GRACE_SECONDS + 5

    def close(self) -> None:
        """Read in the job what became of it."""
        if not self.ended():  # a second Ctrl-C
            ray.cancel(self._reference, force=True)
            return
        try:
            self.take(ray.get(self._reference))
        except Killed as error:
            self.lose(str(getattr(error, "cause", error)))
        except RayError as error:
            self.lose(f"Ray: {type(error).__name__}")


class RayExecutor:
    """Gives jobs to a cluster.

    Args:
        options: of the launcher.
        shared: overrides that all jobs get.
    """

    def __init__(self, options: RayOptions, shared: Sequence[str]) -> None:
        self.at_once = options.n_jobs
        self._options, self._shared = options, shared

    def start(self, job: Job) -> Task:
        """Give a job to the cluster.

        Raises:
            ConfigError: what is asked for can't be.
            UserError: no node is large enough.
        """
        options, count = self._options, devices(job)
        wanted = {"CPU": float(options.cpus * count)}
        nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        on_gpus = hardware(job.config.trainer).on_gpus
        if on_gpus and any(node.get("GPU") for node in nodes):
            wanted["GPU"] = float(count)
        if options.memory is not None:
            wanted["memory"] = options.memory * 2**30
        if not any(all(node.get(key, 0) >= wanted[key] for key in wanted) for node in nodes):
            raise UserError(f"Ray: no node of the cluster has {wanted}")
        worker = RayWorker(job, self._shared, int(wanted["CPU"]))
        task = ray.remote(_work).options(
            num_cpus=wanted["CPU"],
            num_gpus=wanted.get("GPU"),
            memory=wanted.get("memory"),
            max_retries=options.retries,
            retry_exceptions=[Killed],
            name=job.label,
        )
        return Task(job, task.remote(worker))

    def listen(self, running: Sequence[Task]) -> None:
        """Wait a moment, and take what has come to the consoles."""
        time.sleep(TICK)
        for job in running:
            job.listen()

    def clear(self, running: Task) -> None:
        """Close a job that has ended."""
        running.close()
