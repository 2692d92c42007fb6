"""The typed options of the launchers for clusters; their values are in conf/hydra/launcher."""

from dataclasses import dataclass, field
from typing import Any

from omegaconf import MISSING


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
