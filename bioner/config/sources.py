"""A target and the sources that may help it: the keys of the verbs that look for them."""

from collections.abc import Mapping
from dataclasses import dataclass

from omegaconf import MISSING, DictConfig, OmegaConf

from bioner.config.config_folders import all_names
from bioner.config.dataset import DatasetConfig
from bioner.config.effects import NOTHING, made, value
from bioner.config.folds import in_fold
from bioner.config.measure import check_names
from bioner.errors import ConfigError

ALL = "all"
"""In the place of names of sources: every corpus of the catalogue that is here."""


@dataclass
class SourcesConfig:
    """What every verb has that looks for the sources of a target.

    Attributes:
        target: the dataset that is to be served.
        sources: the datasets that may help; all: every one of the catalogue that is here.
        redistributable: true takes only sources whose licence lets their text be passed on.
    """

    target: str = value(MISSING, NOTHING)
    sources: list[str] = made(list, NOTHING)
    redistributable: bool = value(False, NOTHING)

    @property
    def takes_all(self) -> bool:
        """Whether no source is named."""
        return self.sources == [ALL]

    def in_fold(
        self, catalogue: Mapping[str, DatasetConfig], fold: int | None
    ) -> dict[str, DatasetConfig]:
        """Return the catalogue with a fold chosen of the datasets that are named.

        Raises:
            ConfigError: a fold that they do not have.
        """
        named = [self.target] if self.takes_all else [*catalogue]
        return {**catalogue, **in_fold({name: catalogue[name] for name in named}, fold)}


def check_sources(cfg: DictConfig, may_be_none: bool) -> list[str]:
    """Check the names of target and sources, and return all that may be read, in order.

    Args:
        cfg: composed.
        may_be_none: whether an empty list of sources is legal.

    Raises:
        ConfigError: with the key.
    """
    known = all_names("dataset", cfg.dataset)
    if OmegaConf.is_missing(cfg, "target"):
        raise ConfigError("target", "is not given", f"expected one of {', '.join(known)}")
    check_names(cfg, "target", [cfg.target])
    sources = [*cfg.sources]
    if sources == [ALL]:
        return sorted(map(str, cfg.dataset))
    if sources or not may_be_none:
        check_names(cfg, "sources", sources)
    if cfg.target in sources:
        raise ConfigError("sources", f"holds the target {cfg.target}", "other datasets")
    return sorted([cfg.target, *sources])
