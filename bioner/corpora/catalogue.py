"""Datasets by their YAML: checked, read and compared with what the YAML says of them."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from omegaconf import MISSING

from bioner.config.dataset import SPLITS, DatasetConfig, Offsets
from bioner.corpora.document_groups import has_documents
from bioner.corpora.fetching.fetch import ARCHIVE, ensure
from bioner.corpora.fetching.hub import check_hub
from bioner.corpora.formats.all_formats import FORMATS, corpus_formats
from bioner.corpora.schemes import SCHEMES
from bioner.corpora.sentence_table import Table
from bioner.corpora.split import Split, SplitReader, TooLittleLeftError
from bioner.corpora.tags import tag_set
from bioner.corpora.type_map import type_names
from bioner.errors import ConfigError, DataError, Report, nearest, raise_it


@dataclass(frozen=True)
class Corpus:
    """A dataset with its three splits.

    Attributes:
        name: the dataset's name in the catalogue.
        types: the entity types, in the order of their tag ids.
        splits: train, devel and test.
        warnings: what a user should know of the data, one sentence each.
        devel_share: of the train file that is the devel split; None where devel is a file.
        test_share: of the train file that is the test split, likewise.
        folds: of the train file, of which one is the test split.
        fold: which one; None of a corpus in folds that is read whole.
    """

    name: str
    types: tuple[str, ...]
    splits: dict[str, Split]
    warnings: tuple[str, ...]
    devel_share: float | None = None
    test_share: float | None = None
    folds: int | None = None
    fold: int | None = None

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags in the order of their ids."""
        return tag_set(self.types)

    def to_train_on(self, devel_too: bool) -> Table:
        """Return the sentences of train, and if asked for those of devel behind them."""
        train, devel = (self.splits[split].sentences for split in SPLITS[:2])
        if not devel_too:
            return train
        # One split may have offsets and the other not; training needs none.
        return Table.of(replace(sentence, offsets=()) for sentence in (*train, *devel))

    @property
    def unscored(self) -> list[str]:
        """What to say of the splits without any mention, whose score is undefined."""
        return [
            f"{split} has no mention: it has no score"
            for split, content in self.splits.items()
            if split != "train" and not content.sentences.mentions
        ]

    @property
    def held_out_by(self) -> str:
        """What a split that is a part of the train file was drawn by."""
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

    Of a dataset in folds of which none is chosen those are read that are files, train as a whole.

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
    reader = SplitReader(name, config, report, cache)
    splits: dict[str, Split] = {}
    warnings: list[str] = []
    for split in config.splits:
        path = files.get(split, files["train"])
        if split not in files and "train" not in splits:
            continue  # the file that it is a part of can't be read, which was said
        try:
            splits[split] = reader.split(path, split)
        except DataError as error:
            reader.note(error)
        except TooLittleLeftError:
            continue
        else:
            warnings += reader.compare(path, split, splits[split])
    mentions = {split: found.sentences.mentions for split, found in splits.items()}
    parts = config.devel_share, config.test_share, config.folds, config.fold
    types = type_names(config.types) or _derived_types(mentions)
    if reader.faulty:  # what the splits lack may stand in what could not be read
        return Corpus(name, types, splits, tuple(warnings), *parts)
    if not types:
        found, legal = "no split of the dataset has a mention", f"give dataset.{name}.types"
        report(DataError(files["train"].parent, None, found, legal))
    warnings += _missing_mentions(mentions)
    return Corpus(name, types, splits, tuple(warnings), *parts)


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
    _check_shares(key, config)
    _check_folds(key, config)
    for split in config.own_files:
        if not config.files.get(split):
            legal = "expected the name of a file"
            others = {"devel": ", or devel_share", "test": ", or test_share, or folds"}
            legal += others.get(split, "")
            raise ConfigError(f"{key}.files.{split}", "is not given", legal)
    if config.format not in corpus_formats():
        legal = nearest(config.format, corpus_formats())
        raise ConfigError(f"{key}.format", f"is {config.format!r}", legal)
    if config.hub.name is not None:
        check_hub(key, config)
    _check_scheme(key, config)
    if config.word_column == config.tag_column:
        raise ConfigError(f"{key}.tag_column", f"is {config.tag_column}, as is word_column")
    _check_types(key, config)
    _check_offsets(key, config)


def _check_offsets(key: str, config: DatasetConfig) -> None:
    if config.offsets and not FORMATS[config.format].has_offsets:
        raise ConfigError(f"{key}.offsets", f"is given, but {config.format} has no offsets")
    if {Offsets.utf8_bytes, Offsets.utf16} <= set(config.offsets):
        raise ConfigError(f"{key}.offsets", "holds both", "one of utf8_bytes and utf16")


def _check_shares(key: str, config: DatasetConfig) -> None:
    for split, share in config.shares.items():
        name = f"{split}_share"
        if not 0 < share < 1:
            raise ConfigError(f"{key}.{name}", f"is {share}", "a number between 0 and 1, or null")
        if split in config.files:
            found = f"is {config.files[split]!r}, but {name} makes {split} from train"
            raise ConfigError(f"{key}.files.{split}", found, "leave one of the two out")
    if sum(config.shares.values()) >= 1:
        found = f"is {config.test_share}, and devel_share {config.devel_share}: nothing is left"
        raise ConfigError(f"{key}.test_share", found, "shares that are below 1 together")


def _check_folds(key: str, config: DatasetConfig) -> None:
    if config.folds is None:
        if config.fold is not None:
            raise ConfigError(f"{key}.fold", f"is {config.fold}, but {key}.folds is null")
        return
    if config.folds < 2:
        raise ConfigError(f"{key}.folds", f"is {config.folds}", "at least 2, or null")
    if config.test_share is not None:
        found = f"is {config.test_share}, but a fold is test"
        raise ConfigError(f"{key}.test_share", found, "leave folds or test_share out")
    if "test" in config.files:
        found = f"is {config.files['test']!r}, but a fold is test"
        raise ConfigError(f"{key}.files.test", found, "leave folds or the file out")


def _check_scheme(key: str, config: DatasetConfig) -> None:
    scheme = config.scheme
    if scheme is not None and scheme not in SCHEMES:
        legal = f"{nearest(scheme, SCHEMES)}, or null to have it detected"
        raise ConfigError(f"{key}.scheme", f"is {scheme!r}", legal)
    if config.repair and FORMATS[config.format].read_split and scheme != "IOB2":
        found = f"is true, but {key}.scheme is {scheme or 'null'}"
        raise ConfigError(f"{key}.repair", found, "only an I- of IOB2 can be read as B-")
    for field in ("comment", "document"):
        if getattr(config, field) == "":
            legal = "expected what such a line starts with, or null for none"
            raise ConfigError(f"{key}.{field}", "is empty", legal)


def _check_types(key: str, config: DatasetConfig) -> None:
    types = [] if config.types is None else config.types
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


def _derived_types(mentions: Mapping[str, Counter[str]]) -> tuple[str, ...]:
    """Return the types that the splits have: those of train first, each part in sorted order."""
    train, *others = (set(mentions.get(split, ())) for split in SPLITS)
    return (*sorted(train), *sorted(set().union(*others) - train))


def _missing_mentions(mentions: Mapping[str, Counter[str]]) -> list[str]:
    """Say which types train has no mention of, or that it has none at all."""
    train = mentions.get("train", Counter())
    if not train.total():
        return ["train has no mention: nothing can be learnt from it"]
    return [
        f"{split} has {count} mention{'s' * (count > 1)} of {type_name!r}, which train never has: "
        "they are scored, and missed"
        for split in SPLITS[1:]
        for type_name, count in sorted(mentions.get(split, Counter()).items())
        if type_name not in train
    ]
