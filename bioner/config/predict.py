"""The typed schema of `bioner predict`, and its checks; values live in conf/predict.yaml."""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import cast

from omegaconf import MISSING, DictConfig, OmegaConf

from bioner.config.blocks import DeviceConfig, FetchConfig, RunsFolder, VerbConfig
from bioner.config.dataset import Offsets
from bioner.config.named_run import named_run
from bioner.errors import ConfigError


class Merge(StrEnum):
    """What is made of the mentions of several heads.

    `none` keeps every mention of every head. `union` makes one of those that are equal in place
    and type, with all their heads and the highest score. `highest` keeps, of overlapping mentions
    of one type, the one with the highest score.
    """

    none = "none"
    union = "union"
    highest = "highest"


class Backend(StrEnum):
    """Where documents are tagged."""

    processes = "processes"
    ray = "ray"


@dataclass
class PredictConfig(DeviceConfig, FetchConfig, RunsFolder, VerbConfig):
    """The whole of `bioner predict`.

    Attributes:
        run: a finished run: its directory, `latest`, or the beginning of its name
            (`bioner.config.named_run`).
        input: a file, a folder, or - for standard input.
        output: a file, a folder for formats with files of their own for each document, or - for
            standard output.
        input_format: null takes it from the name.
        output_format: null takes it from the name.
        offsets: what those of the input count, where not characters: some of utf8_bytes, utf16
            and lf (a line end of two characters as one).
        heads: those of the run that mark; none named means all.
        merge: what is made of the mentions of several heads.
        backend: processes of this machine, or tasks on a Ray cluster.
        n_jobs: at a time; null is one process, on Ray one task for each core of the cluster.
        resume: true goes on where an interrupted prediction stopped.
        overwrite: true replaces an output that exists.
        strict: true ends at the first document that can't be read or written.
    """

    run: str = MISSING
    input: str = MISSING
    output: str = MISSING
    input_format: str | None = None
    output_format: str | None = None
    offsets: list[Offsets] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    merge: Merge = Merge.union
    backend: Backend = Backend.processes
    n_jobs: int | None = None
    resume: bool = False
    overwrite: bool = False
    strict: bool = False


def to_predict_config(cfg: DictConfig) -> PredictConfig:
    """Return the checked, resolved config of `bioner predict`.

    Raises:
        ConfigError: a value that can't be used, with its full key.
    """
    for key in sorted(OmegaConf.missing_keys(cfg)):
        raise ConfigError(key, "is not given")
    config = cast(PredictConfig, OmegaConf.to_object(cfg))
    config.run = named_run("run", config.run, config.runs_dir)
    if config.n_jobs is not None and config.n_jobs < 1:
        raise ConfigError("n_jobs", f"is {config.n_jobs}", "at least 1, or null")
    if config.resume and config.overwrite:
        raise ConfigError("resume", "is true, and so is overwrite", "one of them")
    if config.resume and "-" in (config.input, config.output):
        raise ConfigError("resume", "is true, but a stream can't go on", "files")
    if "-" not in (config.input, config.output):
        _check_apart(Path(config.input), Path(config.output))
    return config


def _check_apart(given: Path, output: Path) -> None:
    """Check that an output does not take the place of the input, whose bad documents it lacks."""
    if given.resolve().is_relative_to(output.resolve()):
        found = (
            f"{output} is the input"
            if given.resolve() == output.resolve()
            else f"{output} holds the input"
        )
        raise ConfigError("output", found, "another place, since it would replace that")
