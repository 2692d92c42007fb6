"""Datasets by their YAML: checked, read and compared with what the YAML says of them."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache as once
from functools import partial
from pathlib import Path

from omegaconf import MISSING

from bioner.config import DatasetConfig
from bioner.errors import ConfigError, DataError, Report, nearest, raise_it
from bioner.text.cache import cached
from bioner.text.columns import read
from bioner.text.documents import has_documents
from bioner.text.fetch import ARCHIVE, ensure
from bioner.text.files import sha256
from bioner.text.holdout import hold_out
from bioner.text.reading import reading_key
from bioner.text.table import Table
from bioner.text.tags import tag_set

SPLITS = ("train", "devel", "test")
FORMATS = ("conll",)
SCHEMES = ("IOB2",)


@dataclass(frozen=True)
class Split:
    """One split of a corpus.

    Attributes:
        sentences: in the order of the file.
        sha256: of the file.
        key: all that decides the sentences, as JSON values.
    """

    sentences: Table
    sha256: str
    key: Mapping[str, object]

    @property
    def repaired(self) -> int:
        """The number of tags that were changed to make them legal."""
        return self.sentences.notes.get("repaired", 0)


@dataclass(frozen=True)
class Corpus:
    """A dataset with its three splits.

    Attributes:
        name: the dataset's name in the catalogue.
        types: the entity types, in the order of their tag ids.
        splits: train, devel and test.
        warnings: what a user should know of the data, one sentence each.
        devel_share: of the train file that is the devel split; None where devel is a file.
    """

    name: str
    types: tuple[str, ...]
    splits: dict[str, Split]
    warnings: tuple[str, ...]
    devel_share: float | None = None

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags in the order of their ids."""
        return tag_set(self.types)

    @property
    def held_out_by(self) -> str:
        """What a devel split that is a part of train was drawn by."""
        return "documents" if has_documents(self.splits["train"].sentences) else "sentences"


def load_corpus(
    name: str,
    config: DatasetConfig,
    datasets_dir: Path,
    mirror: str | None = None,
    report: Report = raise_it,
    cache: Path | None = None,
) -> Corpus:
    """Read the three splits of a dataset and compare them with its YAML.

    Args:
        name: the dataset's name in the catalogue.
        config: its YAML.
        datasets_dir: where the folders of datasets lie; a missing dataset is fetched into it.
        mirror: where it is fetched from instead of the dataset's `url`.
        report: takes each fault of a file. Where it returns, reading goes on: the corpus lacks the
            sentences that could not be read, and the splits of which no file could.
        cache: where the sentences of files without a fault are kept; None reads them anew.

    Raises:
        ConfigError: if the YAML can't be used.
        DataError: if the files are not there; by default also if one can't be read or is not the
            one that the YAML describes.
    """
    check_config(name, config)
    files = ensure(name, config, datasets_dir, mirror)
    reader = _SplitReader(name, config, report, cache)
    splits: dict[str, Split] = {}
    warnings: list[str] = []
    for split in SPLITS:
        path = files.get(split, files["train"])
        if split not in files and "train" not in splits:
            continue  # the file that devel is a part of can't be read, which was said
        try:
            splits[split] = reader.split(path, split)
        except DataError as error:
            reader.note(error)
        else:
            warnings += reader.compare(path, split, splits[split])
    mentions = {split: found.sentences.mentions for split, found in splits.items()}
    types = tuple(config.types) or _derived_types(mentions)
    if not types and len(splits) == len(SPLITS):
        found, legal = "no split of the dataset has a mention", f"give dataset.{name}.types"
        report(DataError(files["train"].parent, None, found, legal))
    warnings += _unseen_types(mentions)
    return Corpus(name, types, splits, tuple(warnings), config.devel_share)


class _SplitReader:
    """Reads the files of one dataset, each once, and notes which of them have a fault."""

    def __init__(
        self, name: str, config: DatasetConfig, report: Report, cache: Path | None
    ) -> None:
        self._name, self._config, self._report, self._cache = name, config, report, cache
        self._faulty: set[str] = set()
        self._table = once(self._read)

    def note(self, error: DataError) -> None:
        """Hand a fault on."""
        self._faulty.add(str(error.path))
        self._report(error)

    def split(self, path: Path, split: str) -> Split:
        """Return a split: a file, or the part of one that `devel_share` gives it.

        Raises:
            DataError: if the file can't be read.
        """
        held = self._config.devel_share is not None and split != "test"
        digest = (
            sha256(path)
            if held and split == "devel"
            else check_file(path, self._name, split, self._config, self.note)
        )
        key = reading_key(digest, self._config, split if held else None)
        make = partial(self._part, path, split) if held else partial(self._table, path)
        return Split(self._kept(key, make), digest, key)

    def _kept(self, key: Mapping[str, object], make: Callable[[], Table]) -> Table:
        return make() if self._cache is None else cached(self._cache, key, Table, make)

    def _read(self, path: Path) -> Table:
        sentences, repaired = read(path, self._config, self._name, self.note)
        return Table.of(sentences, {"repaired": repaired})

    def _part(self, path: Path, split: str) -> Table:
        table, share = self._table(path), self._config.devel_share
        assert share is not None
        left, held = hold_out(table, share)
        if not len(held):
            found = f"has one document, so that dataset.{self._name}.devel_share can't part it"
            raise DataError(path, None, found, f"give dataset.{self._name}.files.devel")
        # What the reader counted is known of the whole file alone: it stands with train.
        return table.take(left, table.notes) if split == "train" else table.take(held, {})

    def compare(self, path: Path, split: str, found: Split) -> list[str]:
        """Compare the counts with the YAML's; those of an unverified dataset only warn."""
        if str(path) in self._faulty:  # the counts lack what could not be read
            return []
        name, config = self._name, self._config
        counts = {
            "sentences": len(found.sentences), "mentions": found.sentences.mentions.total()
        }  # fmt: skip
        warnings = []
        for what, count in counts.items():
            wanted = getattr(config, what).get(split, count)
            if count == wanted:
                continue
            text = f"{count} {what}, but dataset.{name}.{what}.{split} is {wanted}"
            if config.verified:
                self._report(DataError(path, None, f"has {text}", "correct the file or the YAML"))
            else:
                warnings.append(f"{split} has {text} (published, not verified)")
        return warnings


def check_config(name: str, config: DatasetConfig) -> None:
    """Check the YAML of a dataset, as far as this needs no data.

    Raises:
        ConfigError: with the full key.
    """
    key = f"dataset.{name}"
    if config.path in ("", MISSING):
        legal = "expected the folder of the files: absolute, or below datasets_dir"
        raise ConfigError(f"{key}.path", "is not given", legal)
    for field in ("files", "sha256", "sentences", "mentions"):
        archived = field == "sha256" and config.archive is not None
        legal_names = (*SPLITS, ARCHIVE) if archived else SPLITS
        for split in getattr(config, field):
            if split not in legal_names:
                legal = nearest(split, legal_names)
                raise ConfigError(f"{key}.{field}.{split}", "no such split", legal)
    if config.devel_share is not None:
        _check_devel_share(key, config)
    for split in config.own_files:
        if not config.files.get(split):
            raise ConfigError(f"{key}.files.{split}", "is not given", "expected the name of a file")
    for field, value, legal_values in (
        ("format", config.format, FORMATS),
        ("scheme", config.scheme, SCHEMES),
    ):
        if value not in legal_values:
            raise ConfigError(f"{key}.{field}", f"is {value!r}", nearest(value, legal_values))
    if config.word_column == config.tag_column:
        raise ConfigError(f"{key}.tag_column", f"is {config.tag_column}, as is word_column")
    _check_types(key, config)


def _check_devel_share(key: str, config: DatasetConfig) -> None:
    share = config.devel_share
    if share is None or not 0 < share < 1:
        raise ConfigError(f"{key}.devel_share", f"is {share}", "a number between 0 and 1, or null")
    if "devel" in config.files:
        found = f"is {config.files['devel']!r}, but devel_share makes devel from train"
        raise ConfigError(f"{key}.files.devel", found, "leave one of the two out")


def _check_types(key: str, config: DatasetConfig) -> None:
    for type_name in config.types:
        if type_name.split() != [type_name]:
            raise ConfigError(
                f"{key}.types", f"holds {type_name!r}", "expected names without blanks"
            )
        if config.types.count(type_name) > 1:
            raise ConfigError(f"{key}.types", f"holds {type_name!r} more than once")
    if not config.typed and len(config.types) != 1:
        raise ConfigError(
            f"{key}.types",
            f"is [{', '.join(config.types)}], but typed is false",
            "expected exactly one type, the one that bare B and I stand for",
        )


def check_file(
    path: Path, name: str, split: str, config: DatasetConfig, report: Report = raise_it
) -> str:
    """Return the SHA-256 of a split's file, compared with the YAML's where that gives one.

    Raises:
        DataError: if the file can't be read; by default also if it is another one.
    """
    found, wanted = sha256(path), config.sha256.get(split)
    if wanted is not None and found != wanted.lower():
        says = f"its SHA-256 is {found}, but dataset.{name}.sha256.{split} is {wanted}"
        legal = (
            "remove the file so that it is fetched again, or correct the YAML if it is the "
            "file that you want"
        )
        report(DataError(path, None, says, legal))
    return found


def _derived_types(mentions: Mapping[str, Counter[str]]) -> tuple[str, ...]:
    """Return the types that the splits have: those of train first, each part in sorted order."""
    train, *others = (set(mentions.get(split, ())) for split in SPLITS)
    return (*sorted(train), *sorted(set().union(*others) - train))


def _unseen_types(mentions: Mapping[str, Counter[str]]) -> list[str]:
    return [
        f"{split} has {count} mention{'s' * (count > 1)} of {type_name!r}, which train never has: "
        "they are scored, and missed"
        for split in SPLITS[1:]
        for type_name, count in sorted(mentions.get(split, Counter()).items())
        if type_name not in mentions.get("train", Counter())
    ]
