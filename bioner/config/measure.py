"""The typed schema of `bioner measure` and its checks; values live in conf/measure.yaml."""

import re
from dataclasses import asdict, dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

from omegaconf import MISSING, DictConfig, OmegaConf

from bioner.config.checks import check_pretraining, check_size
from bioner.config.dataset import DatasetConfig
from bioner.config.identity import digest, encoder_label, what_is_set
from bioner.config.train import (
    BatchConfig,
    EncoderConfig,
    FinetuneConfig,
    Finetuning,
    Leakage,
    MixingConfig,
    OptimizerConfig,
    PretrainConfig,
    SubsetUnit,
    TrainConfig,
    WeightingConfig,
)
from bioner.errors import ConfigError, nearest


@dataclass
class MeasureConfig:
    """The whole of `bioner measure`.

    Attributes:
        sources: the datasets that may help.
        targets: the datasets that are to be helped.
        measures: names of measures or families, `cheap` for the families that need no trained
            model, or `all`.
        joint: the directory of a joint run that logged its affinity; null: there is none.
        train_stages: whether a source's stage is trained where the store lacks it; otherwise
            its measures are left out, and that is said.
        words: of each dataset that the encoder reads.
        target_size: target training sentences that the measures may see, as finetune.train_size.
        heatmaps: whether a figure is drawn for each measure.
        parquet: whether the values are written as Parquet too.
        dataset: the catalogue.
        encoder: whose vectors are measured, untrained and after a source's stage.
        head: of the source's stage, as the keys up to `seed`: with the values of `bioner train`
            the stages are shared with its runs.
    """

    sources: list[str] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)
    measures: list[str] = field(default_factory=list)
    joint: str | None = None
    train_stages: bool = False
    words: int = 10000
    target_size: int | float | None = None
    heatmaps: bool = True
    parquet: bool = False
    dataset: dict[str, DatasetConfig] = field(default_factory=dict)
    encoder: EncoderConfig = field(default_factory=EncoderConfig)
    head: dict[str, Any] = field(default_factory=dict)
    mixing: MixingConfig = field(default_factory=MixingConfig)
    weighting: WeightingConfig = field(default_factory=WeightingConfig)
    pretrain: PretrainConfig = field(default_factory=PretrainConfig)
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    batch: BatchConfig = field(default_factory=BatchConfig)
    trainer: dict[str, Any] = field(default_factory=dict)
    seed: int = 1
    subset_seed: int = 1
    subset_unit: SubsetUnit = SubsetUnit.sentences
    datasets_dir: str = MISSING
    datasets_mirror: str | None = None
    runs_dir: str = "runs"
    cache_dir: str = MISSING
    debug: bool = False


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
    for key in sorted(OmegaConf.missing_keys(cfg)):
        raise ConfigError(key, "is not given")
    config = cast(MeasureConfig, OmegaConf.to_object(cfg))
    if config.parquet and find_spec("pyarrow") is None:
        raise ConfigError("parquet", "pyarrow is not installed", "pip install 'bioner[parquet]'")
    check_sample(config.words, config.target_size, config.seed, config.subset_seed)
    check_pretraining(stage_config(config, config.sources[0]))
    return config


def check_sample(words: int, target_size: int | float | None, seed: int, subset_seed: int) -> None:
    """Check what decides which words are read.

    Raises:
        ConfigError: a value that can't be used, with its full key.
    """
    if words < 100:
        raise ConfigError("words", f"is {words}", "at least 100")
    check_size("target_size", target_size)
    for name, value in (("seed", seed), ("subset_seed", subset_seed)):
        if not 0 <= value < 2**32:
            raise ConfigError(name, f"is {value}", "an integer from 0 to 2**32 - 1")


def check_names(cfg: DictConfig, key: str, names: list[str]) -> None:
    """Check that names of datasets are given, known and different.

    Raises:
        ConfigError: with the key.
    """
    known = sorted(map(str, cfg.dataset))
    if not names:
        raise ConfigError(key, "is empty", f"expected some of {', '.join(known)}")
    for name in names:
        if name not in known:
            raise ConfigError(key, f"no dataset {name!r}", nearest(name, known))
        if names.count(name) > 1:
            raise ConfigError(key, f"names {name} more than once")


def stage_config(config: MeasureConfig, source: str) -> TrainConfig:
    """Return the config under which `bioner train` pretrains on this source alone."""
    pretrain = PretrainConfig(**{**asdict(config.pretrain), "sources": [source]})
    return TrainConfig(
        dataset={source: config.dataset[source]},
        encoder=config.encoder,
        head=config.head,
        mixing=config.mixing,
        weighting=config.weighting,
        pretrain=pretrain,
        finetune=FinetuneConfig(kind=Finetuning.single, targets=[]),
        optimizer=config.optimizer,
        batch=config.batch,
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
    """Return `ENCODER-<hash8>`: what decides a value, less the names of datasets and measures.

    So that one directory grows with the datasets and measures that are asked for.
    """
    kept = (
        "words",
        "target_size",
        "encoder",
        "head",
        "pretrain",
        "optimizer",
        "batch",
        "trainer",
        "seed",
        "subset_seed",
        "subset_unit",
    )
    plain = {name: value for name, value in asdict(config).items() if name in kept}
    if config.joint is not None:
        plain["joint"] = Path(config.joint).name  # it ends in the run's hash
    slug = re.sub(r"[^\w.+-]", "", encoder_label(config.encoder.name))
    return f"{slug}-{digest(what_is_set(plain))[:8]}"
