"""The typed schema of `bioner report`, and its checks; values live in conf/report.yaml."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import cast

from omegaconf import DictConfig, OmegaConf

from bioner.config.blocks import RunsFolder, VerbConfig
from bioner.errors import ConfigError

# Holm's correction of 100 comparisons can't reach 0.05 with fewer.
_FEWEST_SAMPLES = 100


class Source(StrEnum):
    """Where the records of a study are read."""

    records = "records"
    wandb = "wandb"


@dataclass
class ReportConfig(RunsFolder, VerbConfig):
    """The whole of `bioner report`.

    Attributes:
        study: the study's name.
        source: `records`: run directories; `wandb`: the W&B group of the study's name, which has no
            prediction files, so that there are no intervals, tests and errors.
        project: of W&B, for `source=wandb`.
        entity: of W&B: the user or team; null takes the key's own.
        measures: a `measures.csv`, or a folder with some; null takes those in the study's folder.
        axes: further config keys by which runs may differ: each value gets rows of its own.
        samples: bootstrap and randomisation samples.
        seed: of the resampling.
        words: true names the words of the most frequent errors, which are text of the corpora.
        pack: a `.tar.xz` to write as well: the finished runs, without the text of the corpora.
    """

    study: str = "default"
    source: Source = Source.records
    project: str | None = None
    entity: str | None = None
    measures: str | None = None
    axes: list[str] = field(default_factory=list)
    samples: int = 10000
    seed: int = 1
    words: bool = False
    pack: str | None = None


def to_report_config(cfg: DictConfig) -> ReportConfig:
    """Return the checked, resolved config of `bioner report`.

    Raises:
        ConfigError: a value that can't be used, with its full key.
    """
    config = cast(ReportConfig, OmegaConf.to_object(cfg))
    if config.samples < _FEWEST_SAMPLES:
        raise ConfigError("samples", f"is {config.samples}", f"at least {_FEWEST_SAMPLES}")
    if config.pack is not None and not config.pack.endswith(".tar.xz"):
        raise ConfigError("pack", f"is {config.pack!r}", "a name that ends in .tar.xz")
    if config.pack is not None and config.source == Source.wandb:
        raise ConfigError("pack", "goes with source=records", "W&B has no prediction files")
    if not config.study:
        raise ConfigError("study", "is empty", "the name of a folder under runs_dir")
    if (config.source == Source.wandb) != (config.project is not None):
        legal = "project=NAME goes with source=wandb"
        raise ConfigError("project", f"is {config.project}, source is {config.source}", legal)
    return config
