"""Composes the many configs of a grid without reading every file for each."""

import re
from collections.abc import Collection, Sequence, Set
from copy import deepcopy
from dataclasses import dataclass
from typing import cast

from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf, open_dict

from bioner.config.checks import named_datasets
from bioner.config.command_line import names_in_lists
from bioner.config.config_folders import shipped_names
from bioner.config.hydra_private import is_group, set_values
from bioner.config.offered import add_datasets
from bioner.config.parts import dataset_keys
from bioner.config.train import TrainConfig
from bioner.errors import ConfigError

# Parts of Hydra's own config that no job looks at here, and that are most of what is copied.
_NOT_OF_JOBS = ("help", "hydra_help", "hydra_logging", "job_logging", "sweeper", "launcher")


@dataclass(frozen=True)
class _Built:
    """What the choices of the groups make.

    Attributes:
        config: without a dataset in it: most of the time of a copy would be that of datasets.
        datasets: those that it came with: named by the choices, or the user's own.
    """

    config: DictConfig
    datasets: dict[str, DictConfig]

    def copy(self, names: Set[str]) -> DictConfig:
        """Return a config of its own with those of these words that are datasets."""
        config = deepcopy(self.config)
        with open_dict(config.dataset):
            for name in names & self.datasets.keys():
                config.dataset[name] = deepcopy(self.datasets[name])
        add_datasets(config, names & shipped_names("dataset") - self.datasets.keys())
        return config


class Composer:
    """Composes the config of a job as Hydra's `load_sweep_config` does.

    Hydra builds a config from the choices of the groups and then sets the values. Most jobs of a
    grid differ in values alone, so what the same choices make is built once. That both ways give
    the same is checked by each run itself, whose directory carries the hash of its config.

    Args:
        loader: Hydra's.
        master: the config of the grid.
    """

    def __init__(self, loader: ConfigLoader, master: DictConfig) -> None:
        self._loader, self._master = loader, master
        self._parser = OverridesParser.create(config_loader=loader)
        self._built: dict[tuple[str, ...], _Built] = {}

    def __call__(self, overrides: Sequence[str]) -> DictConfig:
        """Return the config of one job, Hydra's own part included."""
        parsed = self._parser.parse_overrides(names_in_lists(overrides, TrainConfig))
        chosen = [one for one in parsed if is_group(self._loader, one)]
        choices = tuple(str(one.input_line) for one in chosen)
        if choices not in self._built:
            self._built[choices] = self._build(choices)
        values = [one for one in parsed if one not in chosen]
        return self._set(self._built[choices], values)

    def _build(self, choices: Sequence[str]) -> _Built:
        config = self._loader.load_sweep_config(self._master, list(choices))
        if config.hydra.sweeper != self._master.hydra.sweeper:
            raise ConfigError(
                "experiment",
                f"{config.hydra.runtime.choices.experiment} is a grid of its own",
                "bioner train -m experiment=NAME starts one such grid",
            )
        datasets = {str(name): config.dataset[name] for name in config.dataset}
        _keep_datasets(config, ())
        with open_dict(config.hydra):
            for part in _NOT_OF_JOBS:
                del config.hydra[part]
        return _Built(config, datasets)

    def _set(self, built: _Built, values: Sequence[Override]) -> DictConfig:
        """Return a config with these values, and with the datasets alone that it then uses."""
        words = {word for one in values for word in re.findall(r"\w+", str(one.input_line))}
        words.update(name for names in _lists(built.config) for name in names)
        config = built.copy(words)
        set_values(config, values)
        names = {name for names in _lists(config) for name in names}
        if not names <= set(config.dataset):  # one that none of the words spells, or of no dataset
            config = built.copy(words | names)
            set_values(config, values)
        _keep_datasets(config, named_datasets(config))
        return config


def _lists(config: DictConfig) -> list[list[str]]:
    """Return the lists of datasets that are given."""
    schema = cast(type, OmegaConf.get_type(config))
    found = (OmegaConf.select(config, key) for key in dataset_keys(schema))
    return [list(names) for names in found if names is not None]


def _keep_datasets(config: DictConfig, kept: Collection[str]) -> None:
    """Take all other datasets out: what is done with a config copies all of it."""
    unused = set(config.dataset) - set(kept)
    with open_dict(config.dataset):
        for name in unused:
            del config.dataset[name]
