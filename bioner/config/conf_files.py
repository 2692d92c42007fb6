"""The YAML files of `conf/` as their reader sees them: keys, values and the comments beside."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

Key = tuple[str, ...]
"""The names of a key's groups and its own, within one file or one group."""

_COMMENT = re.compile(r"\s*# (.+)")
_DIRECTIVE = "@package"
_PACKAGE = re.compile(r"^# @package (\S+)", re.MULTILINE)


@dataclass(frozen=True)
class Entry:
    """One key of a YAML file.

    Attributes:
        value: as it is written.
        meaning: the comment beside it; empty: there is none.
    """

    value: str
    meaning: str


@dataclass(frozen=True)
class ConfigFile:
    """A YAML file as its reader sees it.

    Attributes:
        head: the comment that it begins with, in one line.
        package: where its keys stand (`# @package …`); None: in the place of its group.
        defaults: Hydra's list of what it is made of, as it stands.
        entries: its own keys.
    """

    head: str
    package: str | None
    defaults: list[str | dict[str, str | None]]
    entries: dict[Key, Entry]


def read_config(path: Path) -> ConfigFile:
    """Read a YAML file with its comments."""
    text = path.read_text(encoding="utf-8")
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    entries = dict(_entries(text, root, ())) if isinstance(root, yaml.MappingNode) else {}
    # The defaults list is Hydra's; what it says is read as data, not as keys.
    own = {key: one for key, one in entries.items() if key[0] not in ("defaults", "hydra")}
    package = _PACKAGE.search(text)
    where = None if package is None else package[1]
    return ConfigFile(_head(text), where, (yaml.safe_load(text) or {}).get("defaults", []), own)


def _head(text: str) -> str:
    lines = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.lstrip("# "))
    return " ".join(line for line in lines if not line.startswith(_DIRECTIVE))


def _entries(text: str, node: yaml.MappingNode, above: Key) -> Iterator[tuple[Key, Entry]]:
    for name, value in node.value:
        key = (*above, str(name.value))
        if isinstance(value, yaml.MappingNode) and not value.flow_style:
            yield from _entries(text, value, key)
            continue
        rest = text[value.end_mark.index :].partition("\n")[0]
        comment = _COMMENT.fullmatch(rest)
        written = text[value.start_mark.index : value.end_mark.index]
        yield key, Entry(written, comment[1] if comment else "")


def choices(group: Path) -> dict[str, ConfigFile]:
    """Return the configs of a group's folder under their names, each with what it is made of."""
    return {file.stem: _whole(file, group.parent) for file in sorted(group.glob("*.yaml"))}


def _whole(file: Path, conf: Path) -> ConfigFile:
    """Return a config with the keys of the files that stand in its defaults as `/NAME@_here_`."""
    own = read_config(file)
    entries: dict[Key, Entry] = {}
    for one in own.defaults:
        if isinstance(one, str) and one.endswith("@_here_"):
            inside = conf / f"{one.removeprefix('/').removesuffix('@_here_')}.yaml"
            entries |= read_config(inside).entries
    for key, entry in own.entries.items():
        before = entries.get(key)
        meaning = entry.meaning or (before.meaning if before else "")
        entries[key] = Entry(entry.value, meaning)
    return ConfigFile(own.head, own.package, own.defaults, entries)


def composed_of(verb: str, conf: Path) -> tuple[dict[Key, Entry], dict[str, str]]:
    """Return the values of a verb's YAML and of the files it is made of, and its choices.

    Returns:
        The keys that stand in these files, and for each group the name that is chosen.
    """
    entries: dict[Key, Entry] = {}
    chosen: dict[str, str] = {}
    config = read_config(conf / f"{verb}.yaml")
    for one in config.defaults:
        if isinstance(one, dict):
            ((group, name),) = one.items()
            chosen[group.removeprefix("override ")] = str(name)
        elif (conf / f"{one}.yaml").is_file():
            inside, groups = composed_of(one, conf)
            entries |= inside
            chosen |= groups
    return entries | config.entries, chosen
