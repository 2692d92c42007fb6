"""Composes configs in tests as the command line does."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from functools import cache
from pathlib import Path

from hydra import compose, initialize_config_dir
from hydra.core.config_loader import ConfigLoader
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig

from bioner.config.checks import to_train_config
from bioner.config.config_folders import shipped, shipped_names
from bioner.config.hydra_private import is_group, set_values
from bioner.config.hydra_setup import register
from bioner.config.offered import add_datasets
from bioner.config.train import TrainConfig

WHOLE = ("fit", "recommend")
"""The verbs that look for sources in all of the catalogue."""


@contextmanager
def hydra_ready(
    described: Sequence[str] = (), own: Sequence[Path] = (), whole: bool = False
) -> Iterator[None]:
    """Register everything, with datasets that the command line describes or own folders hold."""
    register(own, described, whole=whole)
    with initialize_config_dir(str(shipped("conf").resolve()), version_base="1.3"):
        yield


def composed(
    *overrides: str, verb: str = "train", with_hydra: bool = False, own: Path | None = None
) -> DictConfig:
    """Return the config of a verb, not yet checked; with Hydra's own part if asked for.

    Args:
        overrides: as on the command line.
        verb: whose config it is.
        with_hydra: whether Hydra's own part is in it.
        own: as `--config-dir`.
    """
    if own is None and not with_hydra:
        return _from_shipped(overrides, verb)
    given = [*overrides, *([] if own is None else [f"hydra.searchpath=[file://{own}]"])]
    with hydra_ready(own=[] if own is None else [own], whole=verb in WHOLE):
        return compose(verb, given, return_hydra_config=with_hydra)


def _from_shipped(overrides: Sequence[str], verb: str) -> DictConfig:
    """Return a config of the shipped files; what the same choices make is read once a process.

    Hydra puts the choices of the groups together, which takes more than a second, and then sets
    the values; so does this.
    """
    loader = _shipped_loader()
    parsed = OverridesParser.create(config_loader=loader).parse_overrides(list(overrides))
    chosen = [one for one in parsed if is_group(loader, one) or one.key_or_group == "encoders"]
    config = deepcopy(_built(verb, tuple(str(one.input_line) for one in chosen)))
    values = [one for one in parsed if one not in chosen]
    words = {word for one in values for word in re.findall(r"\w+", str(one.input_line))}
    if "dataset" in config:
        known = shipped_names("dataset")
        add_datasets(config, (known if verb in WHOLE else words & known) - {*config.dataset})
    set_values(config, values)
    return config


@cache
def _shipped_loader() -> ConfigLoader:
    with hydra_ready():
        return GlobalHydra.instance().config_loader()


@cache
def _built(verb: str, choices: tuple[str, ...]) -> DictConfig:
    with hydra_ready():
        return compose(verb, list(choices))


def train_config(*overrides: str, own: Path | None = None) -> TrainConfig:
    """Return the checked config of a run."""
    return to_train_config(composed(*overrides, own=own))
