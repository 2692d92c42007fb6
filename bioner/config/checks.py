"""From Hydra's config to plain dataclasses, once, with every check that needs no data."""

import math
import re
from typing import cast

from omegaconf import DictConfig, OmegaConf

from bioner.config.budget import check_budget, check_seed, check_size
from bioner.config.choices import ADAPTERS, HEAD_BANKS, WEIGHTINGS, check_choice
from bioner.config.config_folders import all_names
from bioner.config.effects import Declared, declared
from bioner.config.encoder import AdapterConfig
from bioner.config.folds import in_fold
from bioner.config.head import check_head
from bioner.config.identity import roles
from bioner.config.mixing import check_mixing
from bioner.config.optimizer import check_optimizer, check_rate_is_given
from bioner.config.parts import dataset_keys, datasets_of, stages_of
from bioner.config.per_stage import StageConfig
from bioner.config.selftrain import check_selftraining
from bioner.config.together import check_together
from bioner.config.train import (
    FinetuneConfig,
    Finetuning,
    PretrainConfig,
    Pretraining,
    Selection,
    TrainConfig,
    TrainOn,
)
from bioner.config.trainer import check_trainer
from bioner.errors import ConfigError, nearest


def to_train_config(cfg: DictConfig) -> TrainConfig:
    """Return the checked, resolved config with only the datasets that the run uses.

    Raises:
        ConfigError: a value that can't be used, with its full key.
    """
    return typed(cfg.copy())


def typed(cfg: DictConfig) -> TrainConfig:
    """Do what `to_train_config` does with a config that is nobody else's: it is changed.

    Raises:
        ConfigError: see `to_train_config`.
    """
    named = named_datasets(cfg)
    OmegaConf.set_struct(cfg, False)
    cfg.dataset = {name: cfg.dataset[name] for name in named}
    check_rate_is_given(cfg)
    for key in sorted(OmegaConf.missing_keys(cfg)):
        raise ConfigError(key, "is not given")
    config = cast(TrainConfig, OmegaConf.to_object(cfg))
    config.dataset = in_fold(config.dataset, config.fold)
    _check_roles(config)
    _check_finetune(config.finetune, config.selection)
    if config.finetune.train_on == TrainOn.train_devel and config.selection == Selection.best:
        found = "is train_devel, which leaves selection=best no devel to select by"
        raise ConfigError("finetune.train_on", found, "add selection=last or selection=average")
    _check_test(config)
    check_selftraining(config.selftrain, config.finetune.looks)
    check_budget("selftrain", config.selftrain, config.selection)
    check_pretraining(config)
    check_together(config)
    return config


def _check_test(config: TrainConfig) -> None:
    for name in config.finetune.targets if config.finetune.test else ():
        if config.dataset[name].test_share == 0:
            found = f"is true, but dataset.{name}.test_share is 0: there is no test"
            raise ConfigError("finetune.test", found, "finetune.test=false")


def check_pretraining(config: TrainConfig) -> None:
    """Check all values of a run but those of its fine-tuning.

    Raises:
        ConfigError: a value that can't be used, with its full key.
    """
    _check_pretrain(config.pretrain, config.selection)
    check_optimizer(config.optimizer)
    check_head(config.head)
    _check_weights(config)
    check_choice("weighting.strategy", config.weighting.strategy, WEIGHTINGS)
    check_choice("head.shared", config.head.shared, HEAD_BANKS)
    _check_adapter(config.encoder.adapter)
    _check_rest(config)


def _check_name(key: str, name: str) -> None:
    """Check that the name of a dataset, which names files of a run, leads out of no folder."""
    if name in (".", "..") or any(character in name for character in "/\\\0"):
        raise ConfigError(key, f"holds {name!r}", "names without / and \\")


def named_datasets(cfg: DictConfig) -> list[str]:
    """Return the datasets that a run uses, sorted.

    Raises:
        ConfigError: no target is given, or a dataset that is not in the catalogue.
    """
    if OmegaConf.is_missing(cfg.finetune, "targets"):
        raise ConfigError("finetune.targets", "is not given", _some_datasets(cfg))
    named: list[str] = []
    for key in dataset_keys(cast(type, OmegaConf.get_type(cfg))):
        for name in OmegaConf.select(cfg, key):
            _check_name(key, name)
            if name not in cfg.dataset:
                legal = nearest(name, all_names("dataset", cfg.dataset))
                raise ConfigError(key, f"no dataset {name!r}", legal)
            named.append(name)
    if not cfg.finetune.targets:
        raise ConfigError("finetune.targets", "is empty", _some_datasets(cfg))
    return sorted(set(named))


def _some_datasets(cfg: DictConfig) -> str:
    return f"give at least one of {', '.join(all_names('dataset', cfg.dataset))}"


def _check_roles(config: TrainConfig) -> None:
    for stage in declared(config):
        if isinstance(stage.value, StageConfig):
            _check_roles_of(stage)


def _check_roles_of(stage: Declared) -> None:
    known: dict[str, str] = {}
    for one in declared(stage.value):
        if (role := one.effect.role) is None:
            continue
        key = f"{stage.name}.{one.name}"
        twice = sorted({name for name in one.value if one.value.count(name) > 1})
        if twice:
            raise ConfigError(key, f"names {', '.join(twice)} more than once")
        both = sorted(known.keys() & {*one.value})
        if both:
            found = f"{', '.join(both)} is a {known[both[0]]} already"
            raise ConfigError(key, found, "a dataset has one role in a stage")
        known |= dict.fromkeys(one.value, role)


def _check_pretrain(stage: PretrainConfig, selection: Selection) -> None:
    if stage.kind == Pretraining.sources:
        if not stage.sources:
            raise ConfigError("pretrain.sources", "is empty", "name at least one dataset")
        check_budget("pretrain", stage, selection)
        check_size("pretrain.train_size", stage.train_size)
        check_size("pretrain.devel_size", stage.devel_size)
        if stage.seed is not None:
            check_seed("pretrain.seed", stage.seed)
    elif stage.sources:
        raise ConfigError(
            "pretrain.sources", f"is given, but pretrain={stage.kind}", "add pretrain=sources"
        )
    if stage.kind == Pretraining.checkpoint and not stage.checkpoint:
        raise ConfigError("pretrain.checkpoint", "is not given", "the directory of a finished run")
    if stage.kind != Pretraining.checkpoint and stage.checkpoint:
        raise ConfigError(
            "pretrain.checkpoint", f"is given, but pretrain={stage.kind}", "add pretrain=checkpoint"
        )


def _check_finetune(stage: FinetuneConfig, selection: Selection) -> None:
    tasks = len(stage.targets) + len(stage.auxiliaries)
    if stage.kind == Finetuning.single and tasks != 1:
        raise ConfigError(
            "finetune",
            f"single trains on one target, found {len(stage.targets)} targets and "
            f"{len(stage.auxiliaries)} auxiliaries",
            "finetune=mtl trains on them together; -m finetune.targets=[a],[b] one after the other",
        )
    if stage.kind == Finetuning.mtl and tasks < 2:
        raise ConfigError(
            "finetune",
            "mtl needs two tasks or more, found one target and no auxiliary",
            "add finetune.auxiliaries=[…], or take finetune=single",
        )
    check_budget("finetune", stage, selection)
    check_size("finetune.train_size", stage.train_size)
    check_size("finetune.auxiliary_size", stage.auxiliary_size)
    check_size("finetune.devel_size", stage.devel_size)
    for key, every in stage.looks.items():
        if every is not None and every < 1:
            raise ConfigError(f"finetune.{key}", f"is {every}", "at least 1, or null")
        if every is not None and stage.kind == Finetuning.single:
            found = f"is {every}, but single trains one task, which has no other"
            raise ConfigError(f"finetune.{key}", found, "finetune=mtl")


def _check_rest(config: TrainConfig) -> None:
    for key, most in (("sentences", config.batch.sentences), ("tokens", config.batch.tokens)):
        if most is not None and most < 1:
            raise ConfigError(f"batch.{key}", f"is {most}", "at least 1")
    if not 1 <= config.batch.accumulate <= config.batch.sentences:
        legal = f"1 to {config.batch.sentences}, the sentences of a batch (batch.sentences)"
        raise ConfigError("batch.accumulate", f"is {config.batch.accumulate}", legal)
    for name, seed in (("seed", config.seed), ("subset_seed", config.subset_seed)):
        check_seed(name, seed)
    if config.average_epochs < 1:
        raise ConfigError("average_epochs", f"is {config.average_epochs}", "at least 1")
    if config.stop_after is not None and config.stop_after < 1:
        raise ConfigError("stop_after", f"is {config.stop_after}", "at least 1, or null")
    minutes = config.checkpoint_minutes
    if not (math.isfinite(minutes) and minutes >= 0):
        raise ConfigError("checkpoint_minutes", f"is {minutes}", "a finite number of at least 0")
    if not re.fullmatch(r"[\w.+-]*\w[\w.+-]*", config.study):
        raise ConfigError(
            "study", f"is {config.study!r}", "letters, digits and . _ + - (it names a folder)"
        )
    check_trainer(config.trainer)


def _check_weights(config: TrainConfig) -> None:
    _check_dict("mixing.weights", config.mixing.weights)
    _check_dict("encoder.from_scratch", config.encoder.from_scratch)
    for name, weight in (config.mixing.weights or {}).items():
        if isinstance(weight, bool) or not isinstance(weight, int | float):
            raise ConfigError(f"mixing.weights.{name}", f"is {weight!r}", "a number above 0")
        if name not in roles(config):
            raise ConfigError(
                f"mixing.weights.{name}", "no such task in this run", nearest(name, roles(config))
            )
    for stage in stages_of(config):
        tasks = list(datasets_of(config, stage))
        if len(tasks) > 1:
            check_mixing(config.mixing.weighing(tasks), tasks)


def _check_adapter(adapter: AdapterConfig) -> None:
    if adapter.kind is not None:
        check_choice("encoder.adapter.kind", adapter.kind, ADAPTERS)
    elif adapter.options:
        found = "is given, but encoder.adapter.kind is null"
        raise ConfigError("encoder.adapter.options", found, nearest("", ADAPTERS))


def _check_dict(key: str, value: object) -> None:
    if value is not None and not isinstance(value, dict):
        raise ConfigError(key, f"is {value!r}", "{name: value, …}, or null")
