"""Splits of a dataset of the Hugging Face library `datasets`, written as files. The extra `hub`."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bioner.config.dataset import DatasetConfig, HubConfig
from bioner.errors import ConfigError, DataError, nearest

if TYPE_CHECKING:
    from datasets import Dataset

_TO_INSTALL = "needs the library `datasets`: pip install 'bioner[hub]'"
_PASSAGES = ("passages", "entities")

log = logging.getLogger(__name__)


def check_hub(key: str, config: DatasetConfig) -> None:
    """Check what the YAML of a dataset says of its place on the hub, as far as this needs no data.

    Raises:
        ConfigError: with the full key.
    """
    for given in ("url", "archive"):
        if getattr(config, given) is not None:
            found = f"is {getattr(config, given)!r}, but {key}.hub.name is given too"
            raise ConfigError(f"{key}.{given}", found, "leave one of the two out")
    if config.format not in WRITERS:
        found = f"is {config.format!r}, but {key}.hub.name is given"
        raise ConfigError(f"{key}.format", found, nearest(config.format, WRITERS))
    for split in config.hub.splits:
        if split not in config.files:
            legal = nearest(split, config.files)
            raise ConfigError(f"{key}.hub.splits.{split}", "no such split", legal)


def write_split(name: str, config: DatasetConfig, split: str, target: Path) -> None:
    """Write one split as a file of the dataset's format.

    Under `conll` each row is a sentence: a column of words and one of tags, as strings, as numbers
    with names (`ClassLabel`), or as places in `hub.labels`. Under `jsonl` each row is a document:
    that of BigBIO's schema `kb` where there are `passages` and `entities`, else the keys are those
    of a line of our JSON Lines. No code of the dataset's repository is run.

    Args:
        name: of the dataset, for the keys in the messages.
        config: its YAML.
        split: `train`, `devel` or `test`.
        target: the file, in a folder that is there.

    Raises:
        ConfigError: the library is not installed, or there is no such dataset, split or column.
        DataError: a row that the format can't spell.
    """
    key, place = f"dataset.{name}.hub", f"{config.hub.name} [{_named(config, split)}]"
    rows = _load(key, config.hub, _named(config, split))
    with target.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(WRITERS[config.format](rows, config.hub, key, place))


def _named(config: DatasetConfig, split: str) -> str:
    """Return what a split is called there."""
    return config.hub.splits.get(split, {"devel": "validation"}.get(split, split))


def _load(key: str, hub: HubConfig, split: str) -> Dataset:
    try:
        import datasets  # an extra, and 3 s of imports
    except ImportError:
        raise ConfigError(f"{key}.name", _TO_INSTALL) from None
    name = str(Path(str(hub.name)).expanduser())
    try:
        if (Path(name) / "dataset_dict.json").is_file():
            saved = datasets.load_from_disk(name)
            if split not in saved:
                raise ConfigError(f"{key}.splits", f"no split {split!r}", nearest(split, saved))
            return saved[split]
        return datasets.load_dataset(name, hub.config, split=split, revision=hub.revision)
    except (OSError, ValueError, RuntimeError, datasets.exceptions.DatasetsError) as error:
        says = f"{hub.name!r} can't be loaded: {type(error).__name__}: {str(error).strip()}"
        legal = "expected a dataset of the hub, or a folder that `datasets` wrote or can read"
        raise ConfigError(f"{key}.name", " ".join(says.split()), legal) from error


def _column_lines(rows: Dataset, hub: HubConfig, key: str, place: str) -> Iterator[str]:
    _check_columns(rows, hub, key)
    names = _tag_names(rows, hub, key)
    empty = 0
    for number, row in enumerate(rows.select_columns([hub.words, hub.tags]), 1):
        words, tags = row[hub.words] or [], row[hub.tags] or []
        where = f"row {number}"
        if not (isinstance(words, list) and isinstance(tags, list)):
            found = f"{where} has {words!r} and {tags!r}"
            raise DataError(place, None, found, "expected a list of words and one of tags")
        if len(words) != len(tags):
            found = f"{where} has {len(words)} {hub.words}, but {len(tags)} {hub.tags}"
            raise DataError(place, None, found, "expected a tag for each word")
        for word, tag in zip(words, tags, strict=True):
            if not isinstance(word, str) or any(c in word for c in "\t\n\r\0"):
                found = f"{where} has the word {word!r}"
                raise DataError(place, None, found, "expected words without tabs and line ends")
            yield f"{word}\t{_spelt(tag, names, place, where)}\n"
        empty += not words
        if words:
            yield "\n"
    if empty:
        log.warning("%s: %d rows without a word are left out", place, empty)


def _spelt(tag: Any, names: list[str] | None, place: str, where: str) -> str:
    """Return a tag as it is written."""
    if names is None:
        if isinstance(tag, str) and tag and not any(c.isspace() or c == "\0" for c in tag):
            return tag
        raise DataError(place, None, f"{where} has the tag {tag!r}", "expected a tag")
    if not isinstance(tag, int) or not 0 <= tag < len(names):
        found = f"{where} has the tag {tag!r}"
        raise DataError(place, None, found, f"expected 0 to {len(names) - 1}")
    return names[tag]


def _check_columns(rows: Dataset, hub: HubConfig, key: str) -> None:
    for which in ("words", "tags"):
        column = getattr(hub, which)
        if column not in rows.column_names:
            raise ConfigError(
                f"{key}.{which}", f"no column {column!r}", nearest(column, rows.column_names)
            )


def _tag_names(rows: Dataset, hub: HubConfig, key: str) -> list[str] | None:
    """Return the tags by number; None where the column holds the tags themselves."""
    if hub.labels:
        return hub.labels
    inner = getattr(rows.features[hub.tags], "feature", None)
    if named := getattr(inner, "names", None):
        return list(named)
    if str(getattr(inner, "dtype", "")) in ("string", "large_string"):
        return None
    found = f"column {hub.tags!r} is {rows.features[hub.tags]}, whose numbers have no names"
    raise ConfigError(f"{key}.labels", found, "expected the tags in the order of their numbers")


def _document_lines(rows: Dataset, hub: HubConfig, key: str, place: str) -> Iterator[str]:
    of_bigbio = set(_PASSAGES) <= set(rows.column_names)
    for number, row in enumerate(rows, 1):
        try:
            document = _of_bigbio(row) if of_bigbio else _without_null(row)
            yield json.dumps(document, ensure_ascii=False, allow_nan=False) + "\n"
        except (KeyError, IndexError, TypeError, ValueError) as error:
            legal = "a document of BigBIO's schema kb" if of_bigbio else "what JSON can spell"
            found = f"row {number}: {type(error).__name__}: {error}"
            raise DataError(place, None, found, f"expected {legal}") from error


def _of_bigbio(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row of BigBIO's schema `kb`: texts and offsets are lists, one entry a fragment."""
    return {
        "id": str(row.get("document_id") or row.get("id")),
        "passages": [
            {"text": text, "offset": offsets[0], "kind": passage["type"] or ""}
            for passage in row["passages"]
            for text, offsets in zip(passage["text"], passage["offsets"], strict=True)
        ],
        "annotations": [
            {
                "id": entity["id"] or "",
                "type": entity["type"],
                "spans": entity["offsets"],
                "text": " ".join(entity["text"]),
            }
            for entity in row["entities"]
        ],
    }


def _without_null(value: Any) -> Any:
    """Return a row without the keys that only other rows have."""
    if isinstance(value, dict):
        return {key: _without_null(one) for key, one in value.items() if one is not None}
    return [_without_null(one) for one in value] if isinstance(value, list) else value


WRITERS: dict[str, Callable[[Dataset, HubConfig, str, str], Iterator[str]]] = {
    "conll": _column_lines,
    "jsonl": _document_lines,
}
