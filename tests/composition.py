"""Composes configs in tests as the command line does."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from hydra import compose, initialize_config_dir
from omegaconf import DictConfig

from bioner.config.catalogue import shipped
from bioner.config.checks import to_train_config
from bioner.config.hydra_setup import register
from bioner.config.train import TrainConfig


@contextmanager
def hydra_ready(described: Sequence[str] = ()) -> Iterator[None]:
    """Register everything, with datasets that the command line describes."""
    register(described=described)
    with initialize_config_dir(str(shipped("conf").resolve()), version_base="1.3"):
        yield


def composed(*overrides: str, verb: str = "train", with_hydra: bool = False) -> DictConfig:
    """Return the config of a verb, not yet checked; with Hydra's own part if asked for."""
    with hydra_ready():
        return compose(verb, list(overrides), return_hydra_config=with_hydra)


def train_config(*overrides: str) -> TrainConfig:
    """Return the checked config of a run."""
    return to_train_config(composed(*overrides))
