"""The typed schema of a dataset's YAML. See conf/dataset/README.md for the keys."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from omegaconf import MISSING

from bioner.config.effects import NOTHING, PLACE, STAGE, group, made, value

SPLITS = ("train", "devel", "test")


class Flatten(StrEnum):
    """Which of two mentions that overlap is kept."""

    longest = "longest"
    shortest = "shortest"
    error = "error"


class Offsets(StrEnum):
    """What the offsets of a file count where that is not characters.

    `lf` counts a line end of two characters (CR, LF) as one.
    """

    utf8_bytes = "utf8_bytes"
    utf16 = "utf16"
    lf = "lf"


@dataclass
class HubConfig:
    """A dataset of the Hugging Face library `datasets`, from which the files are written.

    Attributes:
        name: `OWNER/NAME` on the hub, or a folder; null: the files come from elsewhere.
        config: which of its configurations.
        revision: the hub commit; null takes the newest.
        splits: what train, devel and test are called there, where not train, validation and test.
        words: the column of the words (`format: conll`).
        tags: the column of the tags (`format: conll`).
        labels: the tags in the order of their numbers, where the column does not name them.
    """

    name: str | None = value(None, PLACE)
    config: str | None = value(None, PLACE)
    revision: str | None = value(None, PLACE)
    splits: dict[str, str] = made(dict, PLACE)
    words: str = value("tokens", PLACE)
    tags: str = value("ner_tags", PLACE)
    labels: list[str] = made(list, PLACE)


def in_order(types: Any) -> Any:
    """Return the types in their order, which is that of the tag ids: of a map its pairs."""
    return list(types.items()) if isinstance(types, dict) else types


def from_pairs(types: Any) -> Any:
    """Return the types of which `in_order` gave these."""
    return dict(types) if types and not isinstance(types[0], str) else types


@dataclass
class DatasetConfig:
    """One corpus. See conf/dataset/README.md for the keys, with an example.

    `files` without an entry becomes SPLIT.tsv for each split that is a file.
    """

    version: int = value(1, STAGE)
    title: str = value("", NOTHING)
    path: str = value(MISSING, PLACE)
    files: dict[str, str] = made(dict, PLACE)
    devel_share: float | None = value(None, STAGE)
    test_share: float | None = value(None, STAGE)
    # Devel is one of so many folds of what test leaves of the train file.
    devel_folds: int | None = value(None, STAGE)
    devel_fold: int | None = value(None, STAGE)
    folds: int | None = value(None, STAGE)
    # Which of them is test: the run's key `fold` says it for all of its datasets.
    fold: int | None = value(None, STAGE, axis=True)
    url: str | None = value(None, PLACE)
    archive: str | None = value(None, PLACE)
    hub: HubConfig = group(HubConfig)
    sha256: dict[str, str] = made(dict, STAGE)
    format: str = value("conll", STAGE, reading=True)
    scheme: str | None = value("IOB2", STAGE, reading=True)
    word_column: int = value(0, STAGE, reading=True)
    tag_column: int = value(-1, STAGE, reading=True)
    comment: str | None = value(None, STAGE, reading=True)
    document: str | None = value(None, STAGE, reading=True)
    # A list or a map: OmegaConf has no such union, and can't put a map in the place of a list.
    types: Any = value(None, STAGE, reading=True, counts_as=in_order)
    typed: bool = value(True, STAGE, reading=True)
    flatten: Flatten = value(Flatten.error, STAGE, reading=True)
    repair: bool = value(False, STAGE, reading=True)
    offsets: list[Offsets] = made(list, STAGE, reading=True, neutral=[])
    drop_empty: bool = value(False, STAGE, reading=True, neutral=False)
    sentences: dict[str, int] = made(dict, NOTHING)
    mentions: dict[str, int] = made(dict, NOTHING)
    licence: str = value("", NOTHING)
    redistributable: bool = value(False, NOTHING)
    citation: str = value("", NOTHING)
    verified: bool = value(True, NOTHING)

    def __post_init__(self) -> None:
        """Give what is not given its usual value."""
        self.types = [] if self.types is None else self.types
        self.files = self.files or {split: f"{split}.tsv" for split in self.own_files}

    @property
    def shares(self) -> dict[str, float]:
        """The splits that are a share of the train file, with these."""
        given = {"test": self.test_share, "devel": self.devel_share}
        return {split: share for split, share in given.items() if share is not None}

    @property
    def made_of_train(self) -> tuple[str, ...]:
        """The splits that are parts of the train file: shares of it, or folds."""
        folds = {"test": self.folds, "devel": self.devel_folds}
        return (*(split for split, many in folds.items() if many is not None), *self.shares)

    @property
    def own_files(self) -> tuple[str, ...]:
        """The splits that are files."""
        return tuple(split for split in SPLITS if split not in self.made_of_train)

    @property
    def is_parted(self) -> bool:
        """Whether it says what each split is: of a dataset in folds, one must be chosen."""
        return self.folds is None or self.fold is not None

    @property
    def splits(self) -> tuple[str, ...]:
        """The splits that can be read: without a fold those that are files, train as a whole."""
        return SPLITS if self.is_parted else self.own_files
