"""Composes the many configs of a grid without reading every file for each."""

from collections.abc import Sequence
from copy import deepcopy

from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig, open_dict

from bioner.config.checks import named_datasets
from bioner.config.command_line import names_in_lists
from bioner.config.hydra_private import is_group, set_values
from bioner.config.train import TrainConfig
from bioner.errors import ConfigError


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
        self._built: dict[tuple[str, ...], DictConfig] = {}

    def __call__(self, overrides: Sequence[str]) -> DictConfig:
        """Return the config of one job, Hydra's own part included."""
        parsed = self._parser.parse_overrides(names_in_lists(overrides, TrainConfig))
        chosen = [one for one in parsed if is_group(self._loader, one)]
        choices = tuple(str(one.input_line) for one in chosen)
        if choices not in self._built:
            self._built[choices] = self._loader.load_sweep_config(self._master, list(choices))
        config = deepcopy(self._built[choices])
        values = [one for one in parsed if one not in chosen]
        set_values(config, values)
        if config.hydra.sweeper != self._master.hydra.sweeper:
            raise ConfigError(
                "experiment",
                f"{config.hydra.runtime.choices.experiment} is a grid of its own",
                "bioner train -m experiment=NAME starts one such grid",
            )
        _leave_out_unused(config)
        return config


def _leave_out_unused(config: DictConfig) -> None:
    """Take the datasets out that a job doesn't use: what is done with a config copies all of it."""
    unused = set(config.dataset) - set(named_datasets(config))
    with open_dict(config.dataset):
        for name in unused:
            del config.dataset[name]
