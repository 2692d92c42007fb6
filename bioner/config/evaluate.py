"""The typed schema of `bioner evaluate`, and its checks; values live in conf/evaluate.yaml."""

from dataclasses import dataclass, field
from typing import Any, cast

from omegaconf import MISSING, DictConfig, OmegaConf

from bioner.config.blocks import (
    DataFolders,
    DeviceConfig,
    FetchConfig,
    FoldConfig,
    RunsFolder,
    VerbConfig,
)
from bioner.config.config_folders import all_names
from bioner.config.dataset import SPLITS, DatasetConfig
from bioner.config.named_run import named_run
from bioner.errors import ConfigError, nearest


@dataclass
class EvaluateConfig(DeviceConfig, FoldConfig, DataFolders, FetchConfig, RunsFolder, VerbConfig):
    """The whole of `bioner evaluate`.

    Attributes:
        run: a finished run: its directory, `latest`, or the beginning of its name
            (`bioner.config.named_run`).
        datasets: what its heads are scored on.
        heads: the heads to score; none named means all.
        split: train, devel or test.
        types: null, or {type of a dataset: type of a head} where the two have other names for one
            thing. `Any`, since OmegaConf lets no override replace a typed dict as a whole.
        dataset: the catalogue.
    """

    run: str = MISSING
    datasets: list[str] = MISSING
    heads: list[str] = field(default_factory=list)
    split: str = "test"
    types: Any = None
    dataset: dict[str, DatasetConfig] = field(default_factory=dict)


def to_evaluate_config(cfg: DictConfig) -> EvaluateConfig:
    """Return the checked, resolved config of `bioner evaluate`, its catalogue cut to the names.

    Raises:
        ConfigError: a value that can't be used, with its full key.
    """
    cfg = cfg.copy()
    OmegaConf.set_struct(cfg, False)
    known = all_names("dataset", cfg.dataset)
    legal = f"some of {', '.join(known)}"
    if OmegaConf.is_missing(cfg, "datasets") or not cfg.datasets:
        raise ConfigError("datasets", "is not given", legal)
    for name in cfg.datasets:
        if name not in cfg.dataset:
            raise ConfigError("datasets", f"no dataset {name!r}", nearest(name, known))
        if list(cfg.datasets).count(name) > 1:
            raise ConfigError("datasets", f"holds {name} more than once")
    cfg.dataset = {name: cfg.dataset[name] for name in cfg.datasets}
    for key in sorted(OmegaConf.missing_keys(cfg)):
        raise ConfigError(key, "is not given")
    config = cast(EvaluateConfig, OmegaConf.to_object(cfg))
    config.run = named_run("run", config.run, config.runs_dir)
    if config.split not in SPLITS:
        raise ConfigError("split", f"is {config.split!r}", nearest(config.split, SPLITS))
    types = {} if config.types is None else config.types
    if not (isinstance(types, dict) and all(isinstance(t, str) for t in types.values())):
        raise ConfigError(
            "types", f"is {config.types!r}", "{type of a dataset: type of a head}, or null"
        )
    return config
