"""The typed schema of a dataset's YAML. See conf/dataset/README.md for the keys."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from omegaconf import MISSING

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

    name: str | None = None
    config: str | None = None
    revision: str | None = None
    splits: dict[str, str] = field(default_factory=dict)
    words: str = "tokens"
    tags: str = "ner_tags"
    labels: list[str] = field(default_factory=list)


@dataclass
class DatasetConfig:
    """One corpus. See conf/dataset/README.md for the keys, with an example.

    `files` without an entry becomes SPLIT.tsv for each split that is a file.
    """

    version: int = 1
    title: str = ""
    path: str = MISSING
    files: dict[str, str] = field(default_factory=dict)
    devel_share: float | None = None
    url: str | None = None
    archive: str | None = None
    hub: HubConfig = field(default_factory=HubConfig)
    sha256: dict[str, str] = field(default_factory=dict)
    format: str = "conll"
    scheme: str | None = "IOB2"
    word_column: int = 0
    tag_column: int = -1
    comment: str | None = None
    document: str | None = None
    # A list or a map: OmegaConf has no such union, and can't put a map in the place of a list.
    types: Any = None
    typed: bool = True
    flatten: Flatten = Flatten.error
    repair: bool = False
    offsets: list[Offsets] = field(default_factory=list)
    drop_empty: bool = False
    sentences: dict[str, int] = field(default_factory=dict)
    mentions: dict[str, int] = field(default_factory=dict)
    licence: str = ""
    redistributable: bool = False
    citation: str = ""
    verified: bool = True

    def __post_init__(self) -> None:
        """Give what is not given its usual value."""
        self.types = [] if self.types is None else self.types
        self.files = self.files or {split: f"{split}.tsv" for split in self.own_files}

    @property
    def own_files(self) -> tuple[str, ...]:
        """The splits that are files; with `devel_share` devel is a part of train."""
        return SPLITS if self.devel_share is None else ("train", "test")
