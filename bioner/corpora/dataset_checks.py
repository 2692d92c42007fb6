"""What the YAML of a dataset may say, as far as this needs no data."""

from collections.abc import Mapping

from omegaconf import MISSING

from bioner.config.dataset import SPLITS, DatasetConfig, Offsets
from bioner.corpora.fetching.fetch import ARCHIVE
from bioner.corpora.fetching.hub import check_hub
from bioner.corpora.formats.all_formats import FORMATS, corpus_formats
from bioner.corpora.schemes import SCHEMES
from bioner.corpora.type_map import type_names
from bioner.errors import ConfigError, nearest


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
    _check_devel_folds(key, config)
    for split in config.own_files:
        if not config.files.get(split):
            legal = "expected the name of a file"
            others = {
                "devel": ", or devel_share, or devel_folds",
                "test": ", or test_share, or folds",
            }
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
        if not (0 < share < 1 or (split == "test" and share == 0)):
            none = ", 0 for no test at all" if split == "test" else ""
            legal = f"a number between 0 and 1{none}, or null"
            raise ConfigError(f"{key}.{name}", f"is {share}", legal)
        if split in config.files:
            found = f"is {config.files[split]!r}, but {name} makes {split} from train"
            raise ConfigError(f"{key}.files.{split}", found, "leave one of the two out")
    if sum(config.shares.values()) >= 1:
        found = f"is {config.test_share}, and devel_share {config.devel_share}: nothing is left"
        raise ConfigError(f"{key}.test_share", found, "shares that are below 1 together")


def _check_devel_folds(key: str, config: DatasetConfig) -> None:
    folds, fold = config.devel_folds, config.devel_fold
    if folds is None:
        if fold is not None:
            raise ConfigError(f"{key}.devel_fold", f"is {fold}, but {key}.devel_folds is null")
        return
    if folds < 2:
        raise ConfigError(f"{key}.devel_folds", f"is {folds}", "at least 2, or null")
    if fold is None or not 1 <= fold <= folds:
        found = "is not given" if fold is None else f"is {fold}"
        raise ConfigError(f"{key}.devel_fold", f"{found}; devel_folds is {folds}", f"1 to {folds}")
    if config.devel_share is not None:
        found = f"is {config.devel_share}, but a fold is devel"
        raise ConfigError(f"{key}.devel_share", found, "leave devel_folds or devel_share out")
    if "devel" in config.files:
        found = f"is {config.files['devel']!r}, but a fold is devel"
        raise ConfigError(f"{key}.files.devel", found, "leave devel_folds or the file out")


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
