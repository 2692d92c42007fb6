"""The typed schema of `bioner export`, and its checks; values live in conf/export.yaml."""

from dataclasses import dataclass
from enum import StrEnum
from typing import cast

from omegaconf import MISSING, DictConfig, OmegaConf

from bioner.config.blocks import DataFolders, FetchConfig, RunsFolder, VerbConfig
from bioner.config.named_run import named_run
from bioner.errors import ConfigError


class ExportFormat(StrEnum):
    """What reads the exported folder."""

    transformers = "transformers"
    onnx = "onnx"


@dataclass
class ExportConfig(DataFolders, FetchConfig, RunsFolder, VerbConfig):
    """The whole of `bioner export`.

    Attributes:
        run: a finished run: its directory, `latest`, or the beginning of its name
            (`bioner.config.named_run`).
        of_head: the head, typed `head=`, which is a config group of Hydra's; null where the run
            has one alone.
        output: the folder that is made.
        format: `onnx` adds model.onnx for ONNX Runtime.
        int8: true adds model.int8.onnx, its weights rounded to 8 bits.
        overwrite: true replaces an exported folder.
    """

    run: str = MISSING
    of_head: str | None = None
    output: str = MISSING
    format: ExportFormat = ExportFormat.transformers
    int8: bool = False
    overwrite: bool = False


def to_export_config(cfg: DictConfig) -> ExportConfig:
    """Return the checked, resolved config of `bioner export`.

    Raises:
        ConfigError: a value that can't be used, with its full key.
    """
    for key in sorted(OmegaConf.missing_keys(cfg)):
        raise ConfigError(key, "is not given")
    config = cast(ExportConfig, OmegaConf.to_object(cfg))
    config.run = named_run("run", config.run, config.runs_dir)
    if config.int8 and config.format != ExportFormat.onnx:
        raise ConfigError("int8", f"is true, but format={config.format}", "format=onnx")
    return config
