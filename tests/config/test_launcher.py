"""Options of launchers that can't be used are refused, each with its key."""

from dataclasses import replace

import pytest

from bioner.config.launcher import (
    RayOptions,
    SlurmOptions,
    check_processes,
    check_ray,
    check_slurm,
)
from bioner.errors import ConfigError


@pytest.mark.parametrize(
    ("n_jobs", "time_limit", "key"),
    [
        (0, None, "n_jobs: is 0; a number, at least 1, or null"),
        ("two", None, "n_jobs: is two"),
        (1.5, None, "n_jobs: is 1.5"),
        (None, 0, "time_limit: is 0; minutes, above 0"),
        (None, float("nan"), "time_limit: is nan"),
        (None, "1:00", "time_limit: is 1:00"),
    ],
)
def test_processes(n_jobs: object, time_limit: object, key: str) -> None:
    check_processes(None, None)
    check_processes(2, 0.5)
    with pytest.raises(ConfigError, match=f"^hydra.launcher.{key}"):
        check_processes(n_jobs, time_limit)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("time_limit", 2),
        ("cpus", 0),
        ("n_jobs", 0),
        ("requeues", -1),
        ("cluster", "pbs"),
        ("options", 3),
    ],
)
def test_slurm(key: str, value: object) -> None:
    options = SlurmOptions("", "slurm", 1, 60, 1, 1, None)
    check_slurm(options)
    with pytest.raises(ConfigError, match=f"^hydra.launcher.{key}: is {value}"):
        check_slurm(replace(options, **{key: value}))


@pytest.mark.parametrize(("key", "value"), [("n_jobs", 0), ("cpus", 0), ("retries", -1)])
def test_ray(key: str, value: int) -> None:
    options = RayOptions("", None, 1, 0, 1, None)
    check_ray(options)
    with pytest.raises(ConfigError, match=f"^hydra.launcher.{key}: is {value}"):
        check_ray(replace(options, **{key: value}))
