"""Composes configs in tests as the command line does."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from hydra import compose, initialize_config_dir
from omegaconf import DictConfig

from bioner.config.checks import to_train_config
from bioner.config.config_folders import shipped
from bioner.config.hydra_setup import register
from bioner.config.train import TrainConfig


@contextmanager
def hydra_ready(described: Sequence[str] = (), own: Sequence[Path] = ()) -> Iterator[None]:
    """Register everything, with datasets that the command line describes or own folders hold."""
    register(own, described)
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
    given = [*overrides, *([] if own is None else [f"hydra.searchpath=[file://{own}]"])]
    with hydra_ready(own=[] if own is None else [own]):
        return compose(verb, given, return_hydra_config=with_hydra)


def train_config(*overrides: str, own: Path | None = None) -> TrainConfig:
    """Return the checked config of a run."""
    return to_train_config(composed(*overrides, own=own))
