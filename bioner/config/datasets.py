"""The typed schema of `bioner datasets`, and its checks; values live in conf/datasets.yaml."""

import re
from copy import deepcopy
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import cast

from omegaconf import MISSING, DictConfig, OmegaConf

from bioner.config.blocks import DataFolders, FoldConfig, VerbConfig
from bioner.config.config_folders import all_names, read_dataset
from bioner.config.dataset import DatasetConfig
from bioner.config.encoder import EncoderConfig
from bioner.config.folds import in_fold
from bioner.config.stored import filled
from bioner.errors import ConfigError, nearest

# What a picture may be.
SUFFIXES = (".png", ".svg", ".pdf")


class Action(StrEnum):
    """What `bioner datasets` does."""

    list = "list"
    fetch = "fetch"
    describe = "describe"
    check = "check"
    new = "new"


class Output(StrEnum):
    """Who reads what `bioner datasets` prints."""

    text = "text"
    json = "json"


@dataclass
class DatasetsConfig(FoldConfig, DataFolders, VerbConfig):
    """The whole of `bioner datasets`.

    Attributes:
        action: what is done.
        names: with which datasets.
        format: `json` prints one object, for machines.
        encoders: names under `conf/encoder`; `check` says what their tokenizers lose.
        word_pieces: words of more pieces than this are counted.
        limit: errors of one file that are named.
        picture: `describe`: a file that the histogram of sentence lengths is drawn into.
        path: `new`: the file or folder that is looked at.
        name: `new`: of the dataset; null takes that of the path.
        output: `new`: the folder of configs that gets dataset/NAME.yaml.
        dataset: the catalogue.
        encoder: every file under `conf/encoder`, under its own name.
    """

    action: Action = Action.list
    names: list[str] = field(default_factory=list)
    format: Output = Output.text
    encoders: list[str] = field(default_factory=list)
    word_pieces: int = 10
    limit: int = 100
    picture: str | None = None
    path: str | None = None
    name: str | None = None
    output: str = MISSING
    dataset: dict[str, DatasetConfig] = field(default_factory=dict)
    encoder: dict[str, EncoderConfig] = field(default_factory=dict)


def to_datasets_config(cfg: DictConfig) -> DatasetsConfig:
    """Return the checked, resolved config of `bioner datasets`, its catalogues cut to the names.

    Raises:
        ConfigError: a value that can't be used, with its full key.
    """
    cfg = cfg.copy()
    OmegaConf.set_struct(cfg, False)
    for key, catalogue in (("names", "dataset"), ("encoders", "encoder")):
        names = list(cfg[key])
        for name in names:
            if name not in cfg[catalogue]:
                legal = nearest(name, all_names(catalogue, cfg[catalogue]))
                raise ConfigError(key, f"no {catalogue} {name!r}", legal)
            if names.count(name) > 1:
                raise ConfigError(key, f"holds {name} more than once")
    _check_new(cfg)
    if cfg.action not in (Action.list, Action.new) and not cfg.names:
        known = ", ".join(all_names("dataset", cfg.dataset))
        raise ConfigError("names", "is empty", f"expected some of {known}")
    if cfg.fold is not None and cfg.action not in (Action.describe, Action.check):
        raise ConfigError("fold", f"is given, but the action is {cfg.action}", "describe, check")
    if cfg.encoders and cfg.action != Action.check:
        raise ConfigError("encoders", f"is given, but the action is {cfg.action}", "check")
    chosen = list(cfg.names) or all_names("dataset", cfg.dataset)
    cfg.dataset = {name: cfg.dataset[name] for name in chosen if name in cfg.dataset}
    cfg.encoder = {name: cfg.encoder[name] for name in cfg.encoders}
    for key in sorted(OmegaConf.missing_keys(cfg)):
        raise ConfigError(key, "is not given")
    config = cast(DatasetsConfig, OmegaConf.to_object(cfg))
    given = config.dataset
    config.dataset = {name: given.get(name) or _shipped(name) for name in chosen}
    if config.fold is not None:
        config.dataset = in_fold(config.dataset, config.fold)
    if config.picture is not None and Path(config.picture).suffix not in SUFFIXES:
        raise ConfigError("picture", f"is {config.picture!r}", f"a file: {', '.join(SUFFIXES)}")
    for key, value in (("word_pieces", config.word_pieces), ("limit", config.limit)):
        if value < 1:
            raise ConfigError(key, f"is {value}", "at least 1")
    return config


def _shipped(name: str) -> DatasetConfig:
    """Return what a file of the package says, which needs none of Hydra's checks."""
    return filled(DatasetConfig, deepcopy(read_dataset(name)), f"dataset.{name}.")


def _check_new(cfg: DictConfig) -> None:
    """Check what only one action takes."""
    if cfg.action == Action.new and not cfg.path:
        raise ConfigError("path", "is not given", "the file or folder that is to be looked at")
    for key, action in (("path", Action.new), ("name", Action.new), ("picture", Action.describe)):
        if cfg[key] is not None and cfg.action != action:
            raise ConfigError(key, f"is given, but the action is {cfg.action}", action)
    if cfg.name is not None and not re.fullmatch(r"\w+", cfg.name):
        raise ConfigError("name", f"is {cfg.name!r}", "letters, digits and _ (it names a file)")
