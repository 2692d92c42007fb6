"""The typed schema of `bioner measure` and its checks; values live in conf/measure.yaml."""

import re
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

from omegaconf import DictConfig, OmegaConf

from bioner.config.batch import BatchConfig
from bioner.config.blocks import DataFolders, FoldConfig, Sampling, VerbConfig, WorkFolders
from bioner.config.budget import check_seed, check_size
from bioner.config.checks import check_pretraining
from bioner.config.config_folders import all_names
from bioner.config.dataset import DatasetConfig
from bioner.config.effects import NOTHING, STAGE, group, groups, made, value
from bioner.config.encoder import EncoderConfig, TaskTokens
from bioner.config.encoder_label import encoder_label
from bioner.config.folds import in_fold
from bioner.config.head import HeadConfig
from bioner.config.identity import digest
from bioner.config.mixing import MixingConfig
from bioner.config.named_run import named_run
from bioner.config.optimizer import OptimizerConfig, check_rate_is_given
from bioner.config.parts import shared_part
from bioner.config.semantics import SEMANTICS
from bioner.config.train import (
    FinetuneConfig,
    Finetuning,
    Leakage,
    PretrainConfig,
    Selection,
    TrainConfig,
    WeightingConfig,
)
from bioner.config.trainer import that_train
from bioner.errors import ConfigError, nearest


def its_name(directory: str | None) -> str | None:
    """Return the name of a run's directory, which ends in the run's hash."""
    return None if directory is None else Path(directory).name


@dataclass
class MeasureConfig(FoldConfig, Sampling, WorkFolders, DataFolders, VerbConfig):
    """The whole of `bioner measure`. What a field changes here are the values.

    Which datasets and measures are asked for changes none, so that one directory grows with them.

    Attributes:
        sources: the datasets that may help.
        targets: the datasets that are to be helped.
        measures: names of measures or families, `cheap` for the families that need no trained
            model, or `all`.
        joint: a joint run that logged its affinity, as `run` elsewhere; null: there is none.
        train_stages: whether a source's stage is trained where the store lacks it; otherwise
            its measures are left out, and that is said.
        words: of each dataset that the encoder reads.
        target_size: target training sentences that the measures may see, as finetune.train_size.
        heatmaps: whether a figure is drawn for each measure.
        parquet: whether the values are written as Parquet too.
        dataset: the catalogue.
        encoder: whose vectors are measured, untrained and after a source's stage.
        selection: which weights of a source's stage are its result.
        average_epochs: of `selection=average`, how many of the last epochs.
        trainer: Lightning's Trainer and its own arguments.
        head: of the source's stage, as the keys up to `seed`: with the values of `bioner train`
            the stages are shared with its runs.
    """

    sources: list[str] = made(list, NOTHING)
    targets: list[str] = made(list, NOTHING)
    measures: list[str] = made(list, NOTHING)
    joint: str | None = value(None, STAGE, counts_as=its_name)
    train_stages: bool = value(False, NOTHING)
    words: int = value(10000, STAGE)
    target_size: int | float | None = value(None, STAGE)
    heatmaps: bool = value(True, NOTHING)
    parquet: bool = value(False, NOTHING)
    dataset: dict[str, DatasetConfig] = groups(DatasetConfig)
    encoder: EncoderConfig = group(EncoderConfig)
    head: HeadConfig = group(HeadConfig)
    mixing: MixingConfig = group(MixingConfig)
    weighting: WeightingConfig = group(WeightingConfig)
    pretrain: PretrainConfig = group(PretrainConfig)
    optimizer: OptimizerConfig = group(OptimizerConfig)
    batch: BatchConfig = group(BatchConfig)
    selection: Selection = value(Selection.best, STAGE, neutral=Selection.best)
    average_epochs: int = value(3, STAGE, neutral=3)
    trainer: dict[str, Any] = made(dict, STAGE, counts_as=that_train)


def to_measure_config(cfg: DictConfig) -> MeasureConfig:
    """Return the checked, resolved config of `bioner measure`, its catalogue cut to the names.

    Raises:
        ConfigError: a value that can't be used, with its full key.
    """
    cfg = cfg.copy()
    OmegaConf.set_struct(cfg, False)
    check_names(cfg, "sources", list(cfg.sources))
    check_names(cfg, "targets", list(cfg.targets))
    if {*cfg.sources} == {*cfg.targets} and len(cfg.sources) == 1:
        found = f"{cfg.sources[0]} is the only source and the only target"
        raise ConfigError("sources", found, "a dataset is no source of itself")
    if not cfg.measures:
        raise ConfigError("measures", "is empty", "expected measures, families, cheap or all")
    if cfg.pretrain.sources:
        found = f"is {list(cfg.pretrain.sources)}"
        raise ConfigError(
            "pretrain.sources", found, "give sources=[…]: each has a stage of its own"
        )
    cfg.dataset = {name: cfg.dataset[name] for name in sorted({*cfg.sources, *cfg.targets})}
    check_rate_is_given(cfg)
    for key in sorted(OmegaConf.missing_keys(cfg)):
        raise ConfigError(key, "is not given")
    config = cast(MeasureConfig, OmegaConf.to_object(cfg))
    config.dataset = in_fold(config.dataset, config.fold)
    if config.joint is not None:
        config.joint = named_run("joint", config.joint, config.runs_dir)
    if config.parquet and find_spec("pyarrow") is None:
        raise ConfigError("parquet", "pyarrow is not installed", "pip install 'bioner[parquet]'")
    check_reading(config.encoder)
    check_sample(config.words, config.target_size, config.seed, config.subset_seed)
    check_pretraining(stage_config(config, config.sources[0]))
    return config


def check_reading(encoder: EncoderConfig) -> None:
    """Check that words can be read without a task.

    Raises:
        ConfigError: the encoder is told whose labels are asked for.
    """
    if encoder.task_tokens != TaskTokens.none:
        found = f"is {encoder.task_tokens}, and measures read words that no labels are asked for of"
        raise ConfigError("encoder.task_tokens", found, "none")
    if encoder.syntax.kinds:
        found = (
            f"is [{', '.join(encoder.syntax.kinds)}], and measures read the encoder's words alone"
        )
        raise ConfigError("encoder.syntax.kinds", found, "[]")


def check_sample(words: int, target_size: int | float | None, seed: int, subset_seed: int) -> None:
    """Check what decides which words are read.

    Raises:
        ConfigError: a value that can't be used, with its full key.
    """
    if words < 100:
        raise ConfigError("words", f"is {words}", "at least 100")
    check_size("target_size", target_size)
    for name, given in (("seed", seed), ("subset_seed", subset_seed)):
        check_seed(name, given)


def check_names(cfg: DictConfig, key: str, names: list[str]) -> None:
    """Check that names of datasets are given, known and different.

    Raises:
        ConfigError: with the key.
    """
    known = all_names("dataset", cfg.dataset)
    if not names:
        raise ConfigError(key, "is empty", f"expected some of {', '.join(known)}")
    for name in names:
        if name not in cfg.dataset:
            raise ConfigError(key, f"no dataset {name!r}", nearest(name, known))
        if names.count(name) > 1:
            raise ConfigError(key, f"names {name} more than once")


def stage_config(config: MeasureConfig, source: str) -> TrainConfig:
    """Return the config under which `bioner train` pretrains on this source alone."""
    return TrainConfig(
        dataset={source: config.dataset[source]},
        encoder=config.encoder,
        head=config.head,
        mixing=config.mixing,
        weighting=config.weighting,
        pretrain=replace(config.pretrain, sources=[source]),
        finetune=FinetuneConfig(kind=Finetuning.single, targets=[]),
        optimizer=config.optimizer,
        batch=config.batch,
        selection=config.selection,
        average_epochs=config.average_epochs,
        trainer=config.trainer,
        seed=config.seed,
        subset_seed=config.subset_seed,
        subset_unit=config.subset_unit,
        leakage=Leakage.ignore,
        datasets_dir=config.datasets_dir,
        datasets_mirror=config.datasets_mirror,
        runs_dir=config.runs_dir,
        cache_dir=config.cache_dir,
    )


def measure_name(config: MeasureConfig) -> str:
    """Return `ENCODER-<hash8>`: what decides a value, less the datasets and measures.

    So that one directory grows with those that are asked for; what a dataset held stands in it.
    """
    encoder = config.encoder
    label = encoder_label(encoder.name, encoder.from_scratch, encoder.label)
    slug = re.sub(r"[^\w.+-]", "", label)
    return f"{slug}-{digest([SEMANTICS, shared_part(config)])[:8]}"
