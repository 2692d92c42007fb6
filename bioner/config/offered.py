"""What Hydra finds of the catalogues: the datasets and encoders that a config names, no others.

All of the shipped datasets would be two thirds of the time that composing a config takes.
"""

import re
from collections.abc import Iterable, Iterator, Sequence, Set
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import cast

from hydra.core.config_store import ConfigStore
from omegaconf import DictConfig, OmegaConf, open_dict
from omegaconf.errors import OmegaConfBaseException

from bioner.config.config_folders import (
    CATALOGUE,
    catalogue,
    encoders,
    read_dataset,
    shipped_names,
)
from bioner.config.dataset import DatasetConfig
from bioner.config.stored import texts


class Offered:
    """The datasets and encoders that stand in Hydra's store.

    The user's own stand there always: they are few, and Hydra checks them.

    Args:
        own: the user's folders of configs.
        described: datasets that have no file, but an empty config in the store.
        whole: whether every shipped dataset is offered, whatever is named.

    Raises:
        DataError: a dataset's name can't be used.
    """

    def __init__(self, own: Sequence[Path], described: Iterable[str], whole: bool) -> None:
        self._own, self._described = own, list(described)
        self._datasets, self._encoders = shipped_names("dataset"), shipped_names("encoder")
        self._always = self._datasets if whole else frozenset[str]()
        self.begin(())

    def begin(self, overrides: Iterable[str]) -> None:
        """Offer what overrides name, and nothing that others named before."""
        words = {word for override in overrides for word in _words(override)}
        named = encoders(self._own, words & self._encoders)
        ConfigStore.instance().store("all_encoders", named)
        self._offer(self._always | words & self._datasets)

    def complete(self, composed: DictConfig) -> bool:
        """Put what a config names besides into it.

        Returns:
            False where it is to be composed once more, as one of its files changes a dataset.
        """
        if "dataset" not in composed:
            return True
        changed = {*map(str, composed.dataset)} & self._datasets - self._named
        if changed:
            self._offer(self._named | changed)
            return False
        words = {word for text in _texts(composed) for word in _words(text)}
        add_datasets(composed, words & self._datasets - self._named)
        return True

    def _offer(self, named: Set[str]) -> None:
        self._named = named
        config = catalogue(self._own, self._described, named)
        ConfigStore.instance().store(CATALOGUE, config, group="dataset")


def add_datasets(config: DictConfig, names: Iterable[str]) -> None:
    """Put shipped datasets into a composed config, as they would be, were they composed with it."""
    with open_dict(config.dataset):
        for name in names:
            config.dataset[name] = deepcopy(_typed(name))


@cache
def _typed(name: str) -> DictConfig:
    return cast(DictConfig, OmegaConf.merge(DatasetConfig, read_dataset(name)))


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text)


def _texts(config: DictConfig) -> Iterator[str]:
    """Yield the texts of a config, but for those of its datasets and of Hydra's own part."""
    names = [str(name) for name in config if name not in ("dataset", "hydra")]
    plain = OmegaConf.to_container(OmegaConf.masked_copy(config, names), resolve=False)
    for key, text in texts(plain, ""):
        yield text if "${" not in text else _resolved(config, key)


def _resolved(config: DictConfig, key: str) -> str:
    try:
        return str(OmegaConf.select(config, key))
    except OmegaConfBaseException:  # what is wrong with it is said where it is used
        return ""
