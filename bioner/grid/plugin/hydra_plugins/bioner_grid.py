"""What Hydra finds of bioner: the sweeper and the launcher that `-m` uses.

Hydra loads this module at every start and takes plugins from the namespace package
`hydra_plugins` alone; the work is done in `bioner.grid`.
"""

from collections.abc import Sequence
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.plugins import Plugins
from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.launcher import Launcher
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig


class GridSweeper(Sweeper):
    """Makes the jobs of a grid: the union of one or more products.

    Args:
        params: overrides of all jobs, key and values; the command line wins.
        grids: overrides of one product each, in a line as on the command line.
    """

    def __init__(self, params: dict[str, str], grids: Sequence[str]) -> None:
        self._params, self._grids = params, grids

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Make the launcher that the config names."""
        self.hydra_context, self.config = hydra_context, config
        self.launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments: list[str]) -> Sequence[JobReturn]:
        """Run the grid.

        Raises:
            SystemExit: with 1, where a job failed.
        """
        assert self.hydra_context is not None and self.launcher is not None
        from bioner.grid.product import expand

        parser = OverridesParser.create(config_loader=self.hydra_context.config_loader)
        jobs = expand(parser, self._params, self._grids, arguments)
        returns = self.launcher.launch(jobs, initial_job_idx=0)
        if any(one.status is JobStatus.FAILED for one in returns):
            raise SystemExit(1)
        return returns


class ProcessLauncher(Launcher):
    """Runs each job of a grid in a process of its own.

    Args:
        n_jobs: at a time.
        gpus: `CUDA_VISIBLE_DEVICES` of each slot.
        time_limit: minutes that a job may take.
    """

    def __init__(
        self,
        n_jobs: int | None,
        gpus: Sequence[int | str] | None,
        time_limit: float | None,
    ) -> None:
        self._options: dict[str, Any] = {
            "n_jobs": n_jobs,
            "gpus": None if gpus is None else [str(gpu) for gpu in gpus],
            "time_limit": time_limit,
        }

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Take what Hydra hands over before `launch`."""
        self.config, self.hydra_context = config, hydra_context

    def launch(
        self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
    ) -> Sequence[JobReturn]:
        """Run the jobs that are not finished and return one result for each."""
        from bioner.grid.launch import Places, launch

        return launch(self.hydra_context, self.config, job_overrides, Places(**self._options))
