"""What Hydra finds of bioner: the sweepers and the launchers of `-m`.

Hydra loads this module at every start and takes plugins from the namespace package
`hydra_plugins` alone; the work is done in `bioner.grid`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from hydra.core.config_store import ConfigStore
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.plugins import Plugins
from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.launcher import Launcher
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf

from bioner.config.launcher import (
    RayOptions,
    SlurmOptions,
    check_processes,
    check_ray,
    check_slurm,
)

if TYPE_CHECKING:
    from bioner.grid.executor import Executor


for _name, _schema in (("slurm_schema", SlurmOptions), ("ray_schema", RayOptions)):
    ConfigStore.instance().store(group="hydra/launcher", name=_name, node=_schema)


def _plain(options: dict[str, Any]) -> dict[str, Any]:
    """Return options without the containers of OmegaConf."""
    return {
        key: OmegaConf.to_object(value) if OmegaConf.is_config(value) else value
        for key, value in options.items()
    }


@contextmanager
def _extra(key: str, name: str) -> Iterator[None]:
    """Say which extra of bioner is not installed."""
    try:
        yield
    except ImportError as error:
        from bioner.errors import ConfigError

        found = f"needs {error.name}, which is not installed"
        raise ConfigError(key, found, f"pip install 'bioner[{name}]'") from error


class _OwnSweeper(Sweeper):
    """Makes jobs, and hands them to the launcher."""

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Make the launcher that the config names."""
        self.hydra_context, self.config = hydra_context, config
        self.launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments: list[str]) -> Sequence[JobReturn]:
        """Run the jobs.

        Raises:
            SystemExit: with 1, where one failed.
        """
        assert self.hydra_context is not None
        parser = OverridesParser.create(config_loader=self.hydra_context.config_loader)
        returns = self.run(parser, arguments)
        if any(one.status is JobStatus.FAILED for one in returns):
            raise SystemExit(1)
        return returns

    def launch(self, jobs: list[list[str]]) -> Sequence[JobReturn]:
        """Run the jobs with these overrides."""
        assert self.launcher is not None
        return self.launcher.launch(jobs, initial_job_idx=0)

    @abstractmethod
    def run(self, parser: OverridesParser, arguments: list[str]) -> Sequence[JobReturn]:
        """Run what the command line asks for, and return one result for each job."""


class GridSweeper(_OwnSweeper):
    """Makes the jobs of a grid: the union of one or more products.

    Args:
        params: overrides of all jobs, key and values; the command line wins.
        grids: overrides of one product each, in a line as on the command line.
    """

    def __init__(self, params: dict[str, str] | None, grids: Sequence[str] | None) -> None:
        self._params, self._grids = params, grids

    def run(self, parser: OverridesParser, arguments: list[str]) -> Sequence[JobReturn]:
        """Run the grid."""
        from bioner.grid.combinations import expand

        return self.launch(expand(parser, self._params, self._grids, arguments))


class OptunaSweeper(_OwnSweeper):
    """Searches with Optuna; the options are in conf/hydra/sweeper/optuna.yaml."""

    def __init__(
        self, params: dict[str, str] | None, n_trials: int, at_once: int, seed: int
    ) -> None:
        self._params = params
        self._options = {"n_trials": n_trials, "at_once": at_once, "seed": seed}

    def run(self, parser: OverridesParser, arguments: list[str]) -> Sequence[JobReturn]:
        """Run the search."""
        from bioner.grid.combinations import written

        with _extra("hydra/sweeper", "hpo"):
            from bioner.grid.optuna_search import SearchOptions, search
        words = [*written(self._params), *arguments]
        overrides = {one.get_key_element(): one for one in parser.parse_overrides(words)}
        return search(list(overrides.values()), SearchOptions(**self._options), self.launch)


class _OwnLauncher(Launcher):
    """Runs each job of a grid in a process of its own."""

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Take what Hydra hands over before `launch`, and refuse options that can't be used."""
        self.config, self.hydra_context = config, hydra_context
        self.check()

    def launch(
        self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
    ) -> Sequence[JobReturn]:
        """Run the jobs that are not finished and return one result for each."""
        from bioner.grid.launch import launch

        return launch(self.hydra_context, self.config, job_overrides, self.make_executor)

    @abstractmethod
    def check(self) -> None:
        """Refuse options that can't be used, with a `ConfigError`."""

    @abstractmethod
    def make_executor(self, shared: Sequence[str]) -> Executor[Any]:
        """Return what runs the jobs, which get these overrides besides their own."""


class ProcessLauncher(_OwnLauncher):
    """Runs the jobs on this machine; the options are in conf/hydra/launcher/processes.yaml."""

    def __init__(
        self, n_jobs: int | None, gpus: Sequence[int | str] | None, time_limit: float | None
    ) -> None:
        shown = None if gpus is None else [str(gpu) for gpu in gpus]
        self._options: dict[str, Any] = {"n_jobs": n_jobs, "gpus": shown, "time_limit": time_limit}

    def check(self) -> None:
        """Refuse options that can't be used."""
        check_processes(self._options["n_jobs"], self._options["time_limit"])

    def make_executor(self, shared: Sequence[str]) -> Executor[Any]:
        """Return the slots of this machine."""
        from bioner.grid.local import LocalExecutor, LocalOptions

        return LocalExecutor(LocalOptions(**self._options), shared)


class SlurmLauncher(_OwnLauncher):
    """Runs the jobs on a cluster; the options are in conf/hydra/launcher/slurm.yaml."""

    def __init__(self, **options: Any) -> None:
        self._options = SlurmOptions(**_plain(options))

    def check(self) -> None:
        """Refuse options that can't be used."""
        check_slurm(self._options)

    def make_executor(self, shared: Sequence[str]) -> Executor[Any]:
        """Return the queue of the cluster."""
        with _extra("hydra/launcher", "slurm"):
            from bioner.grid.slurm import open_slurm

        return open_slurm(self._options, shared)


class RayLauncher(_OwnLauncher):
    """Runs the jobs on Ray; the options are in conf/hydra/launcher/ray.yaml."""

    def __init__(self, **options: Any) -> None:
        self._options = RayOptions(**_plain(options))

    def check(self) -> None:
        """Refuse options that can't be used."""
        check_ray(self._options)

    def make_executor(self, shared: Sequence[str]) -> Executor[Any]:
        """Return the cluster."""
        with _extra("hydra/launcher", "ray"):
            from bioner.grid.ray_cluster import open_ray

        return open_ray(self._options, shared)
