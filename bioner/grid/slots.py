"""Where the jobs of a grid run: how many at a time, on which GPUs, with how many threads."""

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from bioner.config.train import TrainConfig
from bioner.config.trainer import hardware

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS")
"""The variables by which libraries choose their number of threads."""


@dataclass(frozen=True)
class Slot:
    """What one job gets of this machine.

    Attributes:
        gpus: its `CUDA_VISIBLE_DEVICES`; None leaves them alone.
        threads: that a job may use.
    """

    gpus: str | None
    threads: int

    def environment(self, config: TrainConfig) -> dict[str, str]:
        """Return the variables of a job in this slot; threads that the user set are left alone.

        OpenMP's number is that of the other libraries too, unless they have their own: libraries
        that differ in it wait for each other's threads, on busy cores for many times what they
        compute.

        The processes of a job with several devices share its threads.
        """
        devices = hardware(config.trainer).devices
        processes = devices if isinstance(devices, int) and devices > 0 else 1
        threads = os.environ.get(THREADS[0], str(max(1, self.threads // processes)))
        found = {name: threads for name in THREADS if name not in os.environ}
        return found if self.gpus is None else found | {"CUDA_VISIBLE_DEVICES": self.gpus}


def make_slots(n_jobs: int | None, gpus: Sequence[str] | None) -> list[Slot]:
    """Return a slot for each job that runs at a time.

    Args:
        n_jobs: how many; None: one for each of `gpus`, or one where there are none.
        gpus: `CUDA_VISIBLE_DEVICES` of each slot, used in turn; None: each GPU that is visible.
    """
    visible = _visible() if gpus is None else list(gpus)
    count = n_jobs if n_jobs is not None else max(1, len(visible))
    threads = max(1, _cores() // count)
    return [Slot(visible[i % len(visible)] if visible else None, threads) for i in range(count)]


def _cores() -> int:
    """Return the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _visible() -> list[str]:
    """Return the GPUs that CUDA would show, without loading it."""
    given = os.environ.get("CUDA_VISIBLE_DEVICES")
    if given is not None:
        return [one for one in given.split(",") if one]
    try:
        listed = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return []
    return [str(i) for i, _ in enumerate(listed.stdout.strip().splitlines())]
