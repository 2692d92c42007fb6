"""The typed schema of `bioner recommend` and its checks; values live in conf/recommend.yaml."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from omegaconf import DictConfig, OmegaConf

from bioner.config.blocks import DataFolders, FoldConfig, Sampling, VerbConfig, WorkFolders
from bioner.config.dataset import DatasetConfig
from bioner.config.effects import NOTHING, STAGE, group, groups, value
from bioner.config.encoder import EncoderConfig
from bioner.config.measure import MeasureConfig, check_reading, check_sample
from bioner.config.shell_words import quoted
from bioner.config.sources import SourcesConfig, check_sources
from bioner.errors import ConfigError

# What the overrides begin with that say which data and which encoder are meant.
_REPEATED = (
    "encoder",
    "dataset.",
    "datasets_",
    "runs_dir",
    "cache_dir",
    "seed=",
    "fold=",
    "subset_",
)


@dataclass
class RecommendConfig(SourcesConfig, FoldConfig, Sampling, WorkFolders, DataFolders, VerbConfig):
    """The whole of `bioner recommend`. What a field changes here are measured values.

    Attributes:
        known: a folder with `known_gains.csv` and `known_measures.csv`; null: those of the package.
        words: of each dataset that the encoder reads.
        target_size: target training sentences that may be seen, as finetune.train_size.
        sets: sources of a set, at most; 1: sources are looked at one by one alone.
        dataset: the catalogue.
        encoder: that will be trained.
    """

    known: str | None = value(None, NOTHING)
    words: int = value(10000, STAGE)
    target_size: int | float | None = value(None, STAGE)
    sets: int = value(1, NOTHING)
    dataset: dict[str, DatasetConfig] = groups(DatasetConfig)
    encoder: EncoderConfig = group(EncoderConfig)


def to_recommend_config(cfg: DictConfig) -> RecommendConfig:
    """Return the checked, resolved config of `bioner recommend`.

    Its catalogue holds what may be read.

    Raises:
        ConfigError: a value that can't be used, with its full key.
    """
    cfg = cfg.copy()
    OmegaConf.set_struct(cfg, False)
    cfg.dataset = {name: cfg.dataset[name] for name in check_sources(cfg, may_be_none=False)}
    for key in sorted(OmegaConf.missing_keys(cfg)):
        raise ConfigError(key, "is not given")
    config = cast(RecommendConfig, OmegaConf.to_object(cfg))
    config.dataset = config.in_fold(config.dataset, config.fold)
    check_reading(config.encoder)
    check_sample(config.words, config.target_size, config.seed, config.subset_seed)
    if config.sets < 1:
        raise ConfigError("sets", f"is {config.sets}", "1 for none, or a larger whole number")
    return config


def measuring(config: RecommendConfig) -> MeasureConfig:
    """Return the config that measures what a recommendation needs: nothing that must be trained."""
    return MeasureConfig(
        sources=config.sources,
        targets=[config.target],
        measures=["cheap"],
        words=config.words,
        target_size=config.target_size,
        heatmaps=False,
        dataset=config.dataset,
        encoder=config.encoder,
        seed=config.seed,
        subset_seed=config.subset_seed,
        subset_unit=config.subset_unit,
        fold=config.fold,
        datasets_dir=config.datasets_dir,
        datasets_mirror=config.datasets_mirror,
        runs_dir=config.runs_dir,
        cache_dir=config.cache_dir,
    )


def repeated(own: Iterable[Path], overrides: Iterable[str]) -> list[str]:
    """Return what of the command line the command that is to run next must repeat.

    Args:
        own: the user's folders of configs.
        overrides: of the command line.
    """
    given = [quoted(word) for word in overrides if word.lstrip("+").startswith(_REPEATED)]
    return [*(f"--config-dir {quoted(str(folder))}" for folder in own), *given]
