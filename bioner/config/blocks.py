"""Keys that several verbs have, declared once; `conf/` has a file for each with their values."""

from dataclasses import dataclass
from enum import StrEnum

from omegaconf import MISSING

from bioner.config.effects import NOTHING, RUN, STAGE, value


class SubsetUnit(StrEnum):
    """What a subset of a train split is drawn by."""

    sentences = "sentences"
    documents = "documents"


@dataclass
class VerbConfig:
    """What every verb has.

    Attributes:
        debug: true shows the traceback of an error.
    """

    debug: bool = value(False, NOTHING)


@dataclass
class DataFolders:
    """What every verb has that reads corpora.

    Attributes:
        datasets_dir: where corpora lie.
        datasets_mirror: where they are fetched from instead of their own sources.
    """

    datasets_dir: str = value(MISSING, NOTHING)
    datasets_mirror: str | None = value(None, NOTHING)


@dataclass
class RunsFolder:
    """What every verb has that reads or writes runs by the names of their studies.

    Attributes:
        runs_dir: holds a folder for each study; its folder `.stages` is the store of stages.
    """

    runs_dir: str = value("runs", NOTHING)


@dataclass
class WorkFolders(RunsFolder):
    """What every verb has that trains, or keeps what it computed.

    Attributes:
        cache_dir: tokenised corpora.
    """

    cache_dir: str = value(MISSING, NOTHING)


@dataclass
class FoldConfig:
    """What every verb has that reads the splits of corpora.

    Attributes:
        fold: which of the `folds` of each dataset that has them is test, from 1 on.
    """

    # What a stage is trained on stands with its datasets (`bioner.config.folds`).
    fold: int | None = value(None, RUN, axis=True)


@dataclass
class Sampling:
    """What every verb has that draws sentences.

    Attributes:
        seed: of all that is random but for subsets.
        subset_seed: which sentences a size takes; apart from `seed`, so that seeds share them.
        subset_unit: what a size counts.
    """

    seed: int = value(1, STAGE, axis=True)
    subset_seed: int = value(1, STAGE, axis=True)
    subset_unit: SubsetUnit = value(SubsetUnit.sentences, STAGE)


@dataclass
class FetchConfig:
    """What every verb has that reads a finished run.

    Attributes:
        fetch: true lets what the run's config names be fetched where it isn't on this machine: its
            encoder, its datasets.
    """

    fetch: bool = value(False, NOTHING)


@dataclass
class DeviceConfig:
    """What every verb has that computes with the weights of a finished run.

    Attributes:
        device: auto, cpu, cuda, …
        precision: 32-true, bf16-mixed, int8 (on a CPU), or auto: that of the training where the
            hardware can.
    """

    device: str = value("auto", NOTHING)
    precision: str = value("auto", NOTHING)
