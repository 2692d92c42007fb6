"""The typed schema of `bioner stages`, and its checks; values live in conf/stages.yaml."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import cast

from omegaconf import DictConfig, OmegaConf

from bioner.config.blocks import RunsFolder, VerbConfig
from bioner.errors import ConfigError


class StageAction(StrEnum):
    """What `bioner stages` does."""

    list = "list"
    prune = "prune"


@dataclass
class StagesConfig(RunsFolder, VerbConfig):
    """The whole of `bioner stages`.

    Attributes:
        action: what is done.
        names: keys of stages, or the beginnings of keys; prune removes these.
        idle_days: prune removes what was not used for so many days.
        broken: prune removes what is unfinished or damaged.
    """

    action: StageAction = StageAction.list
    names: list[str] = field(default_factory=list)
    idle_days: float | None = None
    broken: bool = False


def to_stages_config(cfg: DictConfig) -> StagesConfig:
    """Return the checked, resolved config of `bioner stages`.

    Raises:
        ConfigError: a value that can't be used, with its full key.
    """
    config = cast(StagesConfig, OmegaConf.to_object(cfg))
    chosen = {
        "names": config.names,
        "idle_days": config.idle_days is not None,
        "broken": config.broken,
    }
    if config.action == StageAction.list:
        for key, given in chosen.items():
            if given:
                raise ConfigError(key, "is given, but the action is list", "prune")
    elif not any(chosen.values()):
        raise ConfigError("names", "is empty", "name stages to prune, or give idle_days or broken")
    if not all(config.names):
        raise ConfigError("names", "holds an empty name, with which every key begins", "keys")
    if config.idle_days is not None and not config.idle_days >= 0:
        raise ConfigError("idle_days", f"is {config.idle_days}", "0 or more")
    return config
