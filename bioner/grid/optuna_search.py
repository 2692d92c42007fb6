"""Searches values with Optuna: asks for the next trials, runs them as a grid, tells what came out.

Nothing is stored besides the runs. The sampler has a seed, so a search that is started again asks
for the same trials, whose finished runs are skipped, and goes on where it was.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import optuna
from hydra.core.override_parser.types import IntervalSweep, Override, RangeSweep
from hydra.core.utils import JobReturn, JobStatus
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import Trial, TrialState
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bioner.errors import ConfigError, UserError
from bioner.runs.percent import percent

Launch = Callable[[list[list[str]]], Sequence[JobReturn]]
"""Runs the jobs with these overrides."""


@dataclass
class SearchOptions:
    """The options of the sweeper, as in conf/hydra/sweeper/optuna.yaml."""

    n_trials: int
    at_once: int
    seed: int


def search(
    overrides: Sequence[Override], options: SearchOptions, launch: Launch
) -> list[JobReturn]:
    """Look for the values with the highest mean devel F1, and show what was tried.

    Args:
        overrides: those that name several values are searched, the others are of all trials.
        options: of the sweeper.
        launch: runs jobs.

    Returns:
        A result for each trial, in the order in which they were asked for.

    Raises:
        UserError: there is nothing to search, or a trial can't be composed.
    """
    for name in ("n_trials", "at_once"):
        value = getattr(options, name)
        if not isinstance(value, int) or value < 1:
            raise ConfigError(f"hydra.sweeper.{name}", f"is {value}", "a number, at least 1")
    space = {one.get_key_element(): _space(one) for one in overrides if one.is_sweep_override()}
    if not space:
        legal = "optimizer.lr=interval(1e-5,1e-3), head=linear,crf, …"
        raise UserError(f"nothing to search: no override names several values; {legal}")
    fixed = [str(one.input_line) for one in overrides if not one.is_sweep_override()]
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    sampler = optuna.samplers.TPESampler(seed=options.seed, constant_liar=options.at_once > 1)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    returns: list[JobReturn] = []
    try:
        while len(returns) < options.n_trials:
            left = options.n_trials - len(returns)
            trials = [study.ask(space) for _ in range(min(options.at_once, left))]
            ended = launch([[*fixed, *_words(trial)] for trial in trials])
            for trial, one in zip(trials, ended, strict=True):
                _tell(study, trial, one)
            returns += ended
    finally:
        if returns:
            _show(study, returns)
    return returns


def _space(override: Override) -> BaseDistribution:
    try:
        return _values(override)
    except ValueError as error:  # Optuna's, of borders that can't be
        raise ConfigError(override.get_key_element(), str(error).replace("`", "")) from error


def _values(override: Override) -> BaseDistribution:
    value = override.value()
    log = "log" in getattr(value, "tags", ())
    if isinstance(value, IntervalSweep):
        low: Any = value.start  # int as well, where the interval is one of integers
        high: Any = value.end
        if isinstance(low, int) and isinstance(high, int):
            return IntDistribution(low, high, log=log)
        return FloatDistribution(float(low), float(high), log=log)
    if isinstance(value, RangeSweep):
        found: list[str] = [str(one) for one in override.sweep_iterator()]
        if all(one.lstrip("-").isdigit() for one in found) and found:
            numbers = sorted(map(int, found))
            return IntDistribution(numbers[0], numbers[-1], step=abs(int(value.step)))
    choices = list(override.sweep_string_iterator())
    if not choices:
        raise UserError(f"{override.input_line}: names no value at all")
    return CategoricalDistribution(choices)


def _words(trial: Trial) -> list[str]:
    return [f"{key}={value}" for key, value in trial.params.items()]


def _tell(study: optuna.Study, trial: Trial, ended: JobReturn) -> None:
    if ended.status is JobStatus.COMPLETED:
        if math.isnan(ended.return_value):
            found = "is train_devel, which leaves a search no devel to compare by"
            raise ConfigError("finetune.train_on", found, "finetune.train_on=train")
        study.tell(trial, ended.return_value)
    else:
        study.tell(trial, state=TrialState.FAIL)


def _show(study: optuna.Study, returns: Sequence[JobReturn]) -> None:
    """Print every trial, the best first."""
    table = Table("devel F1, %", "trial", "values", "run directory", box=None, pad_edge=False)
    told = zip(study.trials, returns, strict=False)  # those that were stopped come last
    for trial, one in sorted(told, key=lambda pair: -(pair[0].value or 0.0)):
        score = "failed" if trial.value is None else percent(trial.value)
        values = " ".join(f"{key}={value}" for key, value in trial.params.items())
        table.add_row(score, str(trial.number), Text(values), Text(str(one.working_dir)))
    Console(highlight=False, width=10_000).print(table)
