"""Datasets by their YAML: checked, read and compared with what the YAML says of them."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from omegaconf import MISSING

from bioner.config import DatasetConfig
from bioner.errors import ConfigError, DataError, Report, nearest, raise_it
from bioner.text import columns, corpus_documents
from bioner.text.fetch import ensure
from bioner.text.formats.readers import READERS, digest
from bioner.text.reading import Reading
from bioner.text.schemes import SCHEMES
from bioner.text.sentence import Sentence
from bioner.text.tags import spans, tag_set
from bioner.text.type_map import type_names

SPLITS = ("train", "devel", "test")
FORMATS: dict[str, Callable[[Path, DatasetConfig, str, Report], Reading]] = {
    "conll": columns.read,
    **dict.fromkeys(READERS, corpus_documents.read),
}


@dataclass(frozen=True)
class Split:
    """One split of a corpus.

    Attributes:
        sentences: in the order of the file.
        sha256: of the file, or of the list of the folder's files.
        repaired: tags, or annotations, that were changed to make them legal.
        cut: mentions that a sentence or word border cuts.
        dropped: mentions left out since another one has their words.
        joined: discontinuous mentions read from their first to their last character.
    """

    sentences: tuple[Sentence, ...]
    sha256: str
    repaired: int
    cut: int = 0
    dropped: int = 0
    joined: int = 0


@dataclass(frozen=True)
class Corpus:
    """A dataset with its three splits.

    Attributes:
        name: the dataset's name in the catalogue.
        types: the entity types, in the order of their tag ids.
        splits: train, devel and test.
        warnings: what a user should know of the data, one sentence each.
    """

    name: str
    types: tuple[str, ...]
    splits: dict[str, Split]
    warnings: tuple[str, ...]

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags in the order of their ids."""
        return tag_set(self.types)


def load_corpus(
    name: str,
    config: DatasetConfig,
    datasets_dir: Path,
    mirror: str | None = None,
    report: Report = raise_it,
) -> Corpus:
    """Read the three splits of a dataset and compare them with its YAML.

    Args:
        name: the dataset's name in the catalogue.
        config: its YAML.
        datasets_dir: where the folders of datasets lie; a missing dataset is fetched into it.
        mirror: where it is fetched from instead of the dataset's `url`.
        report: takes each fault of a file. Where it returns, reading goes on: the corpus lacks the
            sentences that could not be read, and the splits of which no file could.

    Raises:
        ConfigError: if the YAML can't be used.
        DataError: if the files are not there; by default also if one can't be read or is not the
            one that the YAML describes.
    """
    check_config(name, config)
    files = ensure(name, config, datasets_dir, mirror)
    splits: dict[str, Split] = {}
    mentions: dict[str, Counter[str]] = {split: Counter() for split in SPLITS}
    warnings: list[str] = []
    for split in SPLITS:
        try:
            read_split = _read_split(files[split], name, split, config, report)
        except DataError as error:
            report(error)
        else:
            splits[split], mentions[split], said = read_split
            warnings += said
    types = type_names(config.types) or _derived_types(mentions)
    if not types and len(splits) == len(SPLITS):
        found, legal = "no split of the dataset has a mention", f"give dataset.{name}.types"
        report(DataError(files["train"].parent, None, found, legal))
    return Corpus(name, types, splits, (*warnings, *_unseen_types(mentions)))


class _Noted:
    """Hands faults on, and counts them."""

    def __init__(self, report: Report) -> None:
        self.count, self._report = 0, report

    def __call__(self, error: DataError) -> None:
        self.count += 1
        self._report(error)


def _read_split(
    path: Path, name: str, split: str, config: DatasetConfig, report: Report
) -> tuple[Split, Counter[str], list[str]]:
    """Return a split, its mentions of each type, and the warnings."""
    noted = _Noted(report)
    sha256 = check_file(path, name, split, config, noted)
    read = FORMATS[config.format](path, config, name, noted)
    found = Split(tuple(read.sentences), sha256, read.repaired, read.cut, read.dropped, read.joined)
    mentions = Counter(m.type for s in read.sentences for m in spans(s.tags))
    said = [f"{split}: {note}" for note in read.notes]
    if noted.count:  # the counts lack what could not be read
        return found, mentions, said
    said += _check_counts(path, name, split, config, found, mentions, report)
    return found, mentions, said


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
        for split in getattr(config, field):
            if split not in SPLITS:
                raise ConfigError(f"{key}.{field}.{split}", "no such split", nearest(split, SPLITS))
    for split in SPLITS:
        if not config.files.get(split):
            raise ConfigError(f"{key}.files.{split}", "is not given", "expected the name of a file")
    if config.format not in FORMATS:
        raise ConfigError(f"{key}.format", f"is {config.format!r}", nearest(config.format, FORMATS))
    _check_scheme(key, config)
    if config.word_column == config.tag_column:
        raise ConfigError(f"{key}.tag_column", f"is {config.tag_column}, as is word_column")
    _check_types(key, config)


def _check_scheme(key: str, config: DatasetConfig) -> None:
    scheme = config.scheme
    if scheme is not None and scheme not in SCHEMES:
        legal = f"{nearest(scheme, SCHEMES)}, or null to have it detected"
        raise ConfigError(f"{key}.scheme", f"is {scheme!r}", legal)
    if config.repair and config.format == "conll" and scheme != "IOB2":
        found = f"is true, but {key}.scheme is {scheme or 'null'}"
        raise ConfigError(f"{key}.repair", found, "only an I- of IOB2 can be read as B-")
    for field in ("comment", "document"):
        if getattr(config, field) == "":
            legal = "expected what such a line starts with, or null for none"
            raise ConfigError(f"{key}.{field}", "is empty", legal)


def _check_types(key: str, config: DatasetConfig) -> None:
    types = config.types
    if not isinstance(types, list | Mapping):
        legal = "expected a list of names, or a map from the names in the files to names"
        raise ConfigError(f"{key}.types", f"is {types!r}", legal)
    given = list(types.values()) if isinstance(types, Mapping) else types
    if types and not any(name is not None for name in given):
        raise ConfigError(f"{key}.types", "leaves no type", "expected at least one name")
    for name in [*types, *(name for name in given if name is not None)]:
        if not isinstance(name, str):
            raise ConfigError(f"{key}.types", f"holds {name!r}", "expected names; quote numbers")
    names = type_names(types)
    for name in names:
        if name.split() != [name]:
            raise ConfigError(f"{key}.types", f"holds {name!r}", "expected names without blanks")
        if isinstance(types, list) and types.count(name) > 1:
            raise ConfigError(f"{key}.types", f"holds {name!r} more than once")
    if not config.typed and len(names) != 1:
        raise ConfigError(
            f"{key}.types",
            f"is [{', '.join(names)}], but typed is false",
            "expected exactly one type, the one that bare B and I stand for",
        )


def check_file(
    path: Path, name: str, split: str, config: DatasetConfig, report: Report = raise_it
) -> str:
    """Return the SHA-256 of a split, compared with the YAML's where that gives one.

    Raises:
        DataError: if the file can't be read; by default also if it is another one.
    """
    found, wanted = digest(path, config.format), config.sha256.get(split)
    if wanted is not None and found != wanted.lower():
        says = f"its SHA-256 is {found}, but dataset.{name}.sha256.{split} is {wanted}"
        legal = (
            "remove the file so that it is fetched again, or correct the YAML if it is the "
            "file that you want"
        )
        report(DataError(path, None, says, legal))
    return found


def _check_counts(
    path: Path,
    name: str,
    split: str,
    config: DatasetConfig,
    found: Split,
    mentions: Counter[str],
    report: Report,
) -> list[str]:
    """Compare the counts with the YAML's; those of an unverified dataset only warn."""
    counts = {"sentences": len(found.sentences), "mentions": mentions.total()}
    warnings = []
    for what, count in counts.items():
        wanted = getattr(config, what).get(split, count)
        if count == wanted:
            continue
        text = f"{count} {what}, but dataset.{name}.{what}.{split} is {wanted}"
        if config.verified:
            report(DataError(path, None, f"has {text}", "correct the file or the YAML"))
        else:
            warnings.append(f"{split} has {text} (published, not verified)")
    return warnings


def _derived_types(mentions: dict[str, Counter[str]]) -> tuple[str, ...]:
    """Return the types that the splits have: those of train first, each part in sorted order."""
    train, *others = (set(mentions[split]) for split in SPLITS)
    return (*sorted(train), *sorted(set().union(*others) - train))


def _unseen_types(mentions: dict[str, Counter[str]]) -> list[str]:
    return [
        f"{split} has {count} mention{'s' * (count > 1)} of {type_name!r}, which train never has: "
        "they are scored, and missed"
        for split in SPLITS[1:]
        for type_name, count in sorted(mentions[split].items())
        if type_name not in mentions["train"]
    ]
