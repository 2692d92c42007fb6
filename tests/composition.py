"""Composes configs in tests as the command line does."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from hydra import compose, initialize_config_dir
from omegaconf import DictConfig

from bioner.config.checks import to_train_config
from bioner.config.hydra_setup import register, shipped
from bioner.config.train import TrainConfig


@contextmanager
def hydra_ready(arguments: list[str] | None = None) -> Iterator[None]:
    """Register everything with this command line."""
    before = sys.argv
    sys.argv = ["bioner", *(arguments or [])]
    try:
        register()
        with initialize_config_dir(str(shipped("conf").resolve()), version_base="1.3"):
            yield
    finally:
        sys.argv = before


def composed(*overrides: str, verb: str = "train", with_hydra: bool = False) -> DictConfig:
    """Return the config of a verb, not yet checked; with Hydra's own part if asked for."""
    with hydra_ready():
        return compose(verb, list(overrides), return_hydra_config=with_hydra)


def train_config(*overrides: str) -> TrainConfig:
    """Return the checked config of a run."""
    return to_train_config(composed(*overrides))
