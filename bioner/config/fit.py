"""The typed schema of `bioner fit`, and its checks; values live in conf/fit.yaml."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import cast

from omegaconf import DictConfig, OmegaConf

from bioner.config.checks import to_train_config
from bioner.config.dataset import DatasetConfig
from bioner.config.effects import NOTHING, group, value
from bioner.config.mixing import Strategy
from bioner.config.sources import SourcesConfig, check_sources
from bioner.config.train import Finetuning, Pretraining, TrainConfig, TrainOn
from bioner.errors import ConfigError

# What fit chooses itself, or gives each of its runs.
_CHOSEN = (
    "finetune",
    "finetune.kind",
    "finetune.targets",
    "finetune.auxiliaries",
    "finetune.test",
    "finetune.train_on",
    "pretrain",
    "pretrain.kind",
    "pretrain.sources",
    "pretrain.checkpoint",
    "study",
    "stop_after",
    "rerun",
)
# Keys of `bioner train` that a run gets from fit and not from what was typed.
_NOT_HANDED_ON = ("seed", "dry_run", "debug")


@dataclass
class BudgetConfig:
    """What the search may cost.

    Attributes:
        runs: in trainings of `single`.
        hours: of one core or GPU, in the place of `runs`.
    """

    runs: float = value(30.0, NOTHING)
    hours: float | None = value(None, NOTHING)


@dataclass
class FitConfig(SourcesConfig, TrainConfig):
    """The whole of `bioner fit`: all that says how a run is trained, and how one is searched.

    Attributes:
        budget: of the whole search.
        seeds: of the winner and of `single`, from `seed` on.
        confidence: with which devel and known gains must say that the winner is not worse than
            `single`.
        test_folds: of train, that are test in turn where the target has no test, each with a search
            of its own; 0: no F1 is expected then.
        pretrain_updates: of a stage on sources, in those of a whole run of `single`, at most.
        curve: whether the learning curve is made, where the budget allows.
        name: of its folder in RUNS_DIR/fit; null: the target's.
    """

    budget: BudgetConfig = group(BudgetConfig)
    seeds: int = value(3, NOTHING)
    confidence: float = value(0.8, NOTHING)
    test_folds: int = value(3, NOTHING)
    pretrain_updates: float = value(1.5, NOTHING)
    curve: bool = value(True, NOTHING)
    name: str | None = value(None, NOTHING)

    @property
    def folder(self) -> Path:
        """Where the result lies."""
        return Path(self.runs_dir) / "fit" / (self.name or self.target)


def to_fit_config(cfg: DictConfig, overrides: Sequence[str] = ()) -> FitConfig:
    """Return the checked, resolved config of `bioner fit`.

    Its catalogue holds the target and the sources that are named, or all.

    Args:
        cfg: composed.
        overrides: of the command line.

    Raises:
        ConfigError: a value that can't be used, with its full key.
    """
    cfg = cfg.copy()
    OmegaConf.set_struct(cfg, False)
    kept = check_sources(cfg, may_be_none=True)
    for word in overrides:
        if (key := _key(word)) in _CHOSEN:
            raise ConfigError(key, "is given, but fit chooses it", "leave it out")
        if key == "finetune.steps":
            raise ConfigError(key, "is given, but rungs end with epochs", "finetune.epochs=N")
    if is_given(overrides, "budget.runs") and is_given(overrides, "budget.hours"):
        raise ConfigError("budget", "has runs and hours", "one of the two")
    if Strategy.weights in (cfg.mixing.strategy, cfg.mixing.base):
        says = "is weights, which has one for each task, and fit tries several sets of tasks"
        raise ConfigError("mixing", says, "another mixing")
    catalogue = cfg.dataset
    cfg.finetune.targets = [cfg.target]
    tested, cfg.finetune.test = cfg.finetune.test, False  # the target may have none
    if own_of_selftraining(overrides):
        cfg.selftrain.text = None  # runs without self-training refuse it
    config = cast(FitConfig, to_train_config(cfg))
    config.finetune.test = tested
    found = {name: cast(DatasetConfig, OmegaConf.to_object(catalogue[name])) for name in kept}
    config.dataset = config.in_fold(found, config.fold)
    _check(config)
    return config


def handed_on(overrides: Sequence[str]) -> list[str]:
    """Return the overrides of the command line that each run gets as they are."""
    own = {one.name for one in fields(FitConfig)} - {one.name for one in fields(TrainConfig)}
    own |= {*_NOT_HANDED_ON}
    of_some = own_of_selftraining(overrides)
    return [
        word
        for word in overrides
        if _key(word).partition(".")[0] not in own and word not in of_some
    ]


def own_of_selftraining(overrides: Sequence[str]) -> list[str]:
    """Return the values of self-training that hold for the candidates alone that have it.

    Where `selftrain=soft` is given every run has it.
    """
    if is_given(overrides, "selftrain"):
        return []
    return [word for word in overrides if _key(word).startswith("selftrain.")]


def is_given(overrides: Sequence[str], *keys: str) -> bool:
    """Say whether an override sets one of these keys or chooses one of these groups."""
    return any(_key(word) in keys for word in overrides)


def _key(word: str) -> str:
    return word.lstrip("+~").partition("=")[0]


def _check(config: FitConfig) -> None:
    for key, number in (("runs", config.budget.runs), ("hours", config.budget.hours)):
        if number is not None and not (math.isfinite(number) and number > 0):
            raise ConfigError(f"budget.{key}", f"is {number}", "a finite number above 0")
    if config.seeds < 1:
        raise ConfigError("seeds", f"is {config.seeds}", "at least 1")
    if config.test_folds < 0 or config.test_folds == 1:
        raise ConfigError("test_folds", f"is {config.test_folds}", "at least 2, or 0 for none")
    if not 0.5 <= config.confidence < 1:
        raise ConfigError("confidence", f"is {config.confidence}", "a number in [0.5, 1)")
    if not (math.isfinite(config.pretrain_updates) and config.pretrain_updates > 0):
        found = f"is {config.pretrain_updates}"
        raise ConfigError("pretrain_updates", found, "a finite number above 0")
    if config.name is not None and not re.fullmatch(r"[\w.+-]*\w[\w.+-]*", config.name):
        legal = "letters, digits and . _ + - (it names a folder)"
        raise ConfigError("name", f"is {config.name!r}", legal)
    assert config.finetune.kind == Finetuning.single
    assert config.pretrain.kind == Pretraining.none
    assert config.finetune.train_on == TrainOn.train
