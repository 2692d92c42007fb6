"""The runs of a search: jobs of `bioner train`, run by the launcher that is configured."""

from collections.abc import Mapping
from shlex import quote

from hydra.conf import HydraConf
from hydra.core.config_loader import ConfigLoader
from hydra.core.plugins import Plugins
from hydra.core.utils import JobStatus
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, RunMode

from bioner.config.fit import FitConfig, handed_on, is_given
from bioner.config.hydra_private import no_callbacks
from bioner.config.hydra_setup import own_folders
from bioner.fit.parting import parting_of
from bioner.fit.trial import Trial
from bioner.grid.compose import Composer
from bioner.grid.jobs import Job, compose_jobs


class Trials:
    """Composes and runs trials; nothing is stored besides the runs.

    Args:
        config: of the search.
        hydra: Hydra's part of it.
        loader: Hydra's loader of configs.

    Attributes:
        given: the overrides of the command line.
        parting: of the target.

    Raises:
        ConfigError: the target lacks a split, and what was given does not go with that; an option
            of the launcher can't be used.
    """

    def __init__(self, config: FitConfig, hydra: HydraConf, loader: ConfigLoader) -> None:
        self.given = list(hydra.overrides.task)
        self.study = f"fit_{config.name or config.target}"
        self._own = own_folders(hydra)
        words = [word for word in hydra.overrides.hydra if not word.startswith("hydra.mode")]
        launchers = [] if is_given(words, "hydra/launcher") else ["hydra/launcher=processes"]
        self._master = loader.load_configuration(
            "train", [*words, *launchers], run_mode=RunMode.MULTIRUN
        )
        self._launcher: Launcher = Plugins.instance().instantiate_launcher(
            hydra_context=HydraContext(loader, no_callbacks()),
            task_function=lambda cfg: None,
            config=self._master,
        )
        self._compose = Composer(loader, self._master)
        self._jobs = dict[tuple[Trial, int | None], Job]()
        self.parting = parting_of(config, self.given)
        usual = {"logger": "logger=none", "leakage": f"leakage={config.leakage}"}
        if self.parting.devel:
            usual["selection"] = "selection=last"
        self._shared = [
            *(word for key, word in usual.items() if not is_given(self.given, key)),
            *handed_on(self.given),
            f"finetune.targets={config.target}",
            f"study={self.study}",
        ]

    def words(self, trial: Trial, stop_after: int | None = None) -> list[str]:
        """Return what one would type after `bioner train`."""
        return [
            *self._shared,
            *trial.candidate.words,
            *self.parting.words(trial),
            *trial.words,
            f"seed={trial.seed}",
            *([] if trial.test else ["finetune.test=false"]),
            *([] if stop_after is None else [f"stop_after={stop_after}"]),
        ]

    def command(self, trial: Trial) -> str:
        """Return the line that makes the run of a trial, whatever else was searched."""
        folders = [f"--config-dir={folder}" for folder in self._own]
        return " ".join(map(quote, ["bioner", "train", *folders, *self.words(trial)]))

    def job(self, trial: Trial, stop_after: int | None = None) -> Job:
        """Return the job of a trial: its config and its directory.

        Raises:
            UserError: it can't be composed.
        """
        key = trial, stop_after
        if key not in self._jobs:
            words = [self.words(trial, stop_after)]
            self._jobs[key] = compose_jobs(words, self._compose, self._own)[0]
        return self._jobs[key]

    def run(self, asked: Mapping[Trial, int | None]) -> dict[Trial, str]:
        """Run trials as far as they are to go, those that are not there yet.

        Args:
            asked: each with the epochs after which it stops; None: at its end.

        Returns:
            Why each that failed did.

        Raises:
            UserError: one can't be composed.
            Stopped: a signal stopped them.
        """
        jobs = [self.words(trial, stop) for trial, stop in asked.items()]
        ended = self._launcher.launch(jobs, initial_job_idx=0)
        return {
            trial: str(one._return_value)
            for trial, one in zip(asked, ended, strict=True)
            if one.status is JobStatus.FAILED
        }
