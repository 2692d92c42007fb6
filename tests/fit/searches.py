"""Searches in this process: their runs are true ones, without a process of their own each."""

from collections.abc import Mapping
from pathlib import Path

from hydra.core.global_hydra import GlobalHydra
from hydra.types import RunMode

from bioner.config.command_line import describe_datasets
from bioner.config.fit import FitConfig, to_fit_config
from bioner.config.hydra_setup import own_config
from bioner.fit.trial import Trial
from bioner.fit.trials import Trials
from bioner.train.run import train
from tests.composition import composed, hydra_ready

SMALL = [
    "encoder=tiny",
    "trainer.accelerator=cpu",
    "finetune.train_size=48",
    "finetune.devel_size=60",
    "pretrain.devel_size=20",
]


class TrialsHere(Trials):
    """Runs trials one after the other in this process.

    Attributes:
        started: how often a run was asked to go on that had not come so far.
    """

    started = 0

    def run(self, asked: Mapping[Trial, int | None]) -> dict[Trial, str]:
        failed = {}
        for trial, stop in asked.items():
            job = self.job(trial, stop)
            job.look()
            if job.course is None and job.record is None:
                self.started += 1
            job.directory.mkdir(parents=True, exist_ok=True)
            try:
                train(job.config, job.directory)
            except Exception as error:
                failed[trial] = str(error)
        return failed


def places(tmp_path: Path) -> list[str]:
    """Return the overrides that keep all files in a test's folder."""
    return [
        f"runs_dir={tmp_path}/runs",
        f"datasets_dir={tmp_path.parent}/datasets",
        f"cache_dir={tmp_path.parent}/cache",
    ]


def fit_config(*overrides: str) -> FitConfig:
    """Return the checked config of a search."""
    return to_fit_config(composed(*overrides, verb="fit"), overrides)


def searched(*overrides: str) -> tuple[FitConfig, TrialsHere]:
    """Return the config of a search and what runs its trials."""
    overrides, described = map(tuple, describe_datasets(overrides))
    with hydra_ready(described):
        loader = GlobalHydra.instance().config_loader()
        cfg = loader.load_configuration("fit", [*overrides], RunMode.RUN)
        config = to_fit_config(own_config(cfg), overrides)
        return config, TrialsHere(config, cfg.hydra, loader)
