"""The options of the launchers: what is legal; their values are in conf/hydra/launcher."""

from dataclasses import dataclass, field
from typing import Any

from omegaconf import MISSING

from bioner.errors import ConfigError

# Minutes of an allocation, of whose end submitit has Slurm tell 90 s before.
_SHORTEST = 3


@dataclass
class SlurmOptions:
    """See conf/hydra/launcher/slurm.yaml."""

    _target_: str = MISSING
    cluster: str = MISSING
    n_jobs: int = MISSING
    time_limit: int = MISSING
    requeues: int = MISSING
    cpus: int = MISSING
    memory: float | None = MISSING
    setup: list[str] = field(default_factory=list)
    options: Any = None  # a dict; OmegaConf lets no override add a key to a typed one


@dataclass
class RayOptions:
    """See conf/hydra/launcher/ray.yaml."""

    _target_: str = MISSING
    address: str | None = MISSING
    n_jobs: int = MISSING
    retries: int = MISSING
    cpus: int = MISSING
    memory: float | None = MISSING


def check_processes(n_jobs: Any, time_limit: Any) -> None:
    """Check the options of conf/hydra/launcher/processes.yaml.

    Raises:
        ConfigError: a value that can't be used.
    """
    if n_jobs is not None and not (isinstance(n_jobs, int) and n_jobs >= 1):
        raise ConfigError("hydra.launcher.n_jobs", f"is {n_jobs}", "a number, at least 1, or null")
    if time_limit is not None and not (isinstance(time_limit, int | float) and time_limit > 0):
        raise ConfigError("hydra.launcher.time_limit", f"is {time_limit}", "minutes, above 0")


def check_slurm(options: SlurmOptions) -> None:
    """Check the options of Slurm, not whether it is here.

    Raises:
        ConfigError: a value that can't be used.
    """
    if options.cluster not in ("slurm", "local"):
        raise ConfigError("hydra.launcher.cluster", f"is {options.cluster}", "slurm or local")
    _check_least(options, {"time_limit": _SHORTEST, "cpus": 1, "n_jobs": 1, "requeues": 0})
    if not isinstance(options.options, dict | None):
        legal = "{name: value, …}, or null"
        raise ConfigError("hydra.launcher.options", f"is {options.options!r}", legal)


def check_ray(options: RayOptions) -> None:
    """Check the options of Ray, not whether there is a cluster.

    Raises:
        ConfigError: a value that can't be used.
    """
    _check_least(options, {"n_jobs": 1, "cpus": 1, "retries": 0})


def _check_least(options: SlurmOptions | RayOptions, least: dict[str, int]) -> None:
    for name, number in least.items():
        if (value := getattr(options, name)) < number:
            raise ConfigError(f"hydra.launcher.{name}", f"is {value}", f"at least {number}")
