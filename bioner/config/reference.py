"""Writes conf/README.md: `python -m bioner.config.reference >conf/README.md`."""

import json
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from enum import StrEnum
from itertools import chain
from pathlib import Path
from typing import Any, get_args, get_type_hints

import omegaconf

from bioner.config import blocks
from bioner.config.conf_files import ConfigFile, Entry, Key, choices, composed_of, read_config
from bioner.config.config_folders import experiments, shipped
from bioner.config.hydra_setup import SCHEMAS
from bioner.config.meaning import attributes

_INTRODUCTION = """\
# Every group and key

`GROUP=NAME` chooses a config of a group, `KEY=VALUE` sets a value, and `--config-dir DIR` adds a
folder of your own with the same groups. The YAML files here hold the values, the dataclasses in
`bioner/config` their types: a misspelt key or a value of a wrong type is an error, wherever it
stands. `bioner VERB --cfg job` shows what a command line makes of them. What the YAML of a dataset
may say has [a page of its own](dataset/README.md).

This page is made from the YAML and the dataclasses: `make reference`.
"""

# What tells the choices of a group apart that have other keys each.
_NAMING = ("_target_", "kind")
# What tells the choices of a group apart that has a schema.
_CHOSEN = ("kind", "strategy")
_BLOCKS = [one for one in vars(blocks).values() if isinstance(one, type) and is_dataclass(one)]


@dataclass(frozen=True)
class _Row:
    key: str
    value: str
    meaning: str


def page(conf: Path) -> str:
    """Return the page of a folder of configs."""
    _, chosen = composed_of("train", conf)
    parts = [_shared(conf), _verb("train", conf)]
    parts += [_group(group, name, conf) for group, name in chosen.items() if _is_shown(group)]
    parts += [_experiments(), *(_verb(verb, conf) for verb in SCHEMAS if verb != "train")]
    return "\n".join([_INTRODUCTION, *chain.from_iterable(parts)])


def _is_shown(group: str) -> bool:
    return group not in ("dataset", "experiment", "hydra/job_logging")


def _shared(conf: Path) -> Iterator[str]:
    """Yield the keys that several verbs have."""
    yield "## Keys of several verbs\n"
    yield "| key | default | of | |\n| --- | --- | --- | --- |"
    for block in _BLOCKS:
        verbs = [verb for verb, schema in SCHEMAS.items() if issubclass(schema, block)]
        entries, _ = composed_of(verbs[0], conf)
        of = "every verb" if len(verbs) == len(SCHEMAS) else ", ".join(verbs)
        for row in _rows(block, entries):
            if row.key in vars(block)["__annotations__"]:  # the others are of another block
                yield f"| `{row.key}` | {_code(row.value)} | {of} | {row.meaning} |"
    yield ""


def _verb(verb: str, conf: Path) -> Iterator[str]:
    """Yield the keys of one verb that are neither those of a block nor in a group's folder."""
    schema = SCHEMAS[verb]
    entries, chosen = composed_of(verb, conf)
    known = [*_BLOCKS, *(one for one in SCHEMAS.values() if one is not schema)]
    elsewhere = {one.name for block in schema.__mro__ if block in known for one in fields(block)}
    left_out = elsewhere | {*chosen}
    yield f"## bioner {verb}\n"
    yield f"{read_config(conf / f'{verb}.yaml').head}\n"
    if schema.__base__ in SCHEMAS.values():
        yield "Its other keys are those of `bioner train`, as every run gets them.\n"
    yield from _table(
        row for row in _rows(schema, entries) if row.key.partition(".")[0] not in left_out
    )
    groups = [f"`{group}={name}`" for group, name in chosen.items() if _is_shown(group)]
    if groups:
        where = "each below" if verb == "train" else "with the keys that they have for `train`"
        yield f"Groups, {where}: {', '.join(groups)}.\n"


def _group(group: str, default: str, conf: Path) -> Iterator[str]:
    """Yield the choices of a group, and its keys."""
    found = choices(conf / group)
    schema = get_type_hints(SCHEMAS["train"]).get(group)
    yield f"### {group}\n"
    if schema is None:  # Hydra's own group: each choice has other keys
        yield from _choices(default, found, {})
        for name, config in found.items():
            own = {key: one for key, one in config.entries.items() if key[-1] not in _NAMING}
            if own:
                yield f"With `{group}={name}`:\n"
                yield from _table(_plain_rows(config.package or group.replace("/", "."), own))
        return
    entries = _with_others(found, default)
    rows = [*_plain_rows(group, entries)]
    if isinstance(schema, type) and is_dataclass(schema):
        rows = [*_rows(schema, entries, (group,))]
    usual = {row.key.removeprefix(f"{group}."): row.value for row in rows}
    # Nobody sets by itself what tells the choices of a schema's group apart.
    named = {} if schema == dict[str, Any] else {key: usual.pop(key, "") for key in _CHOSEN}
    sets = {name: _sets(config, usual, named) for name, config in found.items()}
    yield from _choices(default, found, sets)
    yield from _table(row for row in rows if row.key.removeprefix(f"{group}.") in usual)


def _with_others(found: Mapping[str, ConfigFile], default: str) -> dict[Key, Entry]:
    """Return the keys of the default choice, and without a value those that others have."""
    entries = dict(found[default].entries)
    for key, one in chain.from_iterable(config.entries.items() for config in found.values()):
        if len(key) == 1 or key in entries:
            before = entries.get(key, Entry("", ""))
            entries[key] = Entry(before.value, before.meaning or one.meaning)
    return entries


def _sets(config: ConfigFile, usual: Mapping[str, str], named: Container[str]) -> list[str]:
    """Return what a choice sets otherwise than it usually is."""
    values = {".".join(key): one.value for key, one in config.entries.items()}
    return [
        _code(f"{key}: {value}")
        for key, value in values.items()
        if key not in named and value != usual.get(key)
    ]


def _choices(
    default: str, found: Mapping[str, ConfigFile], sets: Mapping[str, list[str]]
) -> Iterator[str]:
    """Yield what each choice of a group is, and what it sets."""
    yield "| choice | what it is | sets |\n| --- | --- | --- |"
    for name, config in found.items():
        mark = " (default)" if name == default else ""
        yield f"| `{name}`{mark} | {_cell(config.head)} | {', '.join(sets.get(name, []))} |"
    yield ""


def _plain_rows(above: str, entries: Mapping[Key, Entry]) -> Iterator[_Row]:
    """Yield the rows of a group that has no schema."""
    for key, one in entries.items():
        if one.value:  # without one it is another choice's
            yield _Row(f"{above}.{'.'.join(key)}", one.value, _cell(one.meaning))


def _rows(schema: type, entries: Mapping[Key, Entry], above: Key = ()) -> Iterator[_Row]:
    """Yield a row for each field of a schema and of the groups in it.

    Args:
        schema: whose fields.
        entries: of the YAML that sets them, below `above`.
        above: the full key of the schema's group.
    """
    hints, says = get_type_hints(schema), attributes(schema)
    for one in fields(schema):
        kind = hints[one.name]
        below = {key[1:]: entry for key, entry in entries.items() if key[0] == one.name}
        if isinstance(kind, type) and is_dataclass(kind):
            yield from _rows(kind, below, (*above, one.name))
            continue
        if any(is_dataclass(inside) for inside in get_args(kind)):  # a catalogue
            continue
        for rest, entry in (below or {(): Entry("", "")}).items():
            meaning = _with_names(
                entry.meaning or says.get(one.name, "").removesuffix("."), one, kind
            )
            yield _Row(".".join((*above, one.name, *rest)), entry.value or _default(one), meaning)


def _default(one: Field[Any]) -> str:
    if one.default_factory is not MISSING:
        return json.dumps(one.default_factory())
    if one.default in (MISSING, omegaconf.MISSING):
        return ""
    return str(one.default) if isinstance(one.default, str) else json.dumps(one.default)


def _with_names(meaning: str, one: Field[Any], kind: Any) -> str:
    """Return the meaning, with the legal names where it has none of them but the default."""
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        others = [name.value for name in kind if name != one.default]
        if not any(name in meaning for name in others):
            return _cell(f"{meaning}: {', '.join(f'`{name.value}`' for name in kind)}")
    return _cell(meaning)


def _experiments() -> Iterator[str]:
    yield "### experiment\n"
    yield "`-m experiment=NAME` runs a grid of [experiments](../experiments/README.md).\n"
    yield "| choice | what it is |\n| --- | --- |"
    for name in experiments():
        head = read_config(shipped("experiments") / f"{name}.yaml").head
        yield f"| `{name}` | {_cell(head)} |"
    yield ""


def _table(rows: Iterable[_Row]) -> Iterator[str]:
    found = list(rows)
    if found:
        yield "| key | default | |\n| --- | --- | --- |"
        for row in found:
            yield f"| `{row.key}` | {_code(row.value)} | {row.meaning} |"
        yield ""


def _code(value: str) -> str:
    return f"`{_cell(value)}`" if value else "(required)"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    print(page(shipped("conf")), end="")
