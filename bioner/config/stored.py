"""The config of a run that was stored, also by an earlier version, as this one reads it."""

from collections.abc import Iterator, Mapping
from dataclasses import MISSING as NO_DEFAULT
from dataclasses import Field, fields
from enum import Enum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, get_type_hints

import yaml
from omegaconf import MISSING, OmegaConf

from bioner.config.dataset import from_pairs
from bioner.config.effects import NOTHING, PLACE, effect_of
from bioner.config.head import HeadConfig
from bioner.config.train import TrainConfig
from bioner.errors import ConfigError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    T = TypeVar("T", bound=DataclassInstance)


C = TypeVar("C", bound=TrainConfig)

# The one of C, where PyYAML was built with it, is ten times as fast.
_Parser = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def load_stored(path: Path) -> Any:
    """Return the config that a run directory holds, every value under the key that it has today.

    Such a file was written with every value resolved. What is yet to be resolved (`${oc.env:KEY}`)
    is none of bioner's, and would put what only this machine knows into a config that came from
    elsewhere.

    Raises:
        ConfigError: a value that is to be resolved.
        OSError: the file can't be read, or holds no YAML of a config.
        UnicodeDecodeError, yaml.YAMLError: likewise. A few aliases of aliases are a config larger
            than any memory, so that none is taken.
    """
    try:
        for event in yaml.parse(path.read_text(encoding="utf-8"), _Parser):
            if isinstance(event, yaml.AliasEvent):
                raise yaml.YAMLError("it has an alias, which bioner writes in none")
        config = OmegaConf.to_container(OmegaConf.load(path), resolve=False)
    except RecursionError:
        raise yaml.YAMLError("lists or groups too deep") from None
    for key, text in texts(config, ""):
        if "${" in text:
            raise ConfigError(key, f"is {text!r}", "the config of a run holds values alone")
    return as_of_today(config)


def texts(part: Any, key: str) -> Iterator[tuple[str, str]]:
    """Yield the texts of a config under their full keys."""
    if isinstance(part, str):
        yield key, part
    elif isinstance(part, dict | list):
        for name, one in part.items() if isinstance(part, dict) else enumerate(part):
            yield from texts(one, f"{key}.{name}" if key else str(name))


def as_of_today(config: Any) -> Any:
    """Return the loaded config of a run with every value under the key that it has today.

    What a head's class takes stood beside `head._target_` once; it stands under `head.options`.
    The heads' learning rate was `optimizer.head_lr`, where null took `optimizer.lr`. A
    key that it lacks has what runs did without it, where that is declared.
    """
    if not (isinstance(config, Mapping) and isinstance(config.get("head"), Mapping)):
        return config  # not the config of a run: the schema says what is wrong with it
    head, own = dict(config["head"]), {one.name for one in fields(HeadConfig)}
    moved = {key: head.pop(key) for key in [*head] if key not in own}
    if moved:
        head["options"] = {**head.get("options", {}), **moved}
    found = {**config, "head": head}
    optimizer = found.get("optimizer")
    if isinstance(optimizer, Mapping) and "head_lr" in optimizer:
        rest = {key: one for key, one in optimizer.items() if key != "head_lr"}
        rate = optimizer["head_lr"]
        times = 1.0 if rate is None else rate / optimizer["lr"]
        found["optimizer"] = {**rest, "head_lr_times": times}
    return _with_neutral(TrainConfig, found)


def to_config(counted: Mapping[str, Any], schema: type[C]) -> C:
    """Return the config of which a record holds what counts.

    A key that it lacks has its neutral value where one is declared, else its default: that is what
    the run did.

    Args:
        counted: the config that a record holds.
        schema: `TrainConfig`, or one with further groups.

    Raises:
        KeyError: a key that this version does not have, or one without which no run is.
        ValueError: a value that is none of those that it may be, or no group where one should be.
    """
    config = filled(schema, as_of_today(counted), "")
    for dataset in config.dataset.values():
        dataset.types = from_pairs(dataset.types)
    return config


def _with_neutral(schema: type, plain: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(plain)
    for one in fields(schema):
        effect = effect_of(schema, one)
        if effect.group is None:
            if effect.neutral is not None:
                found.setdefault(one.name, effect.neutral)
        elif not effect.many and isinstance(found.get(one.name), Mapping):
            found[one.name] = _with_neutral(effect.group, found[one.name])
    return found


def filled(schema: "type[T]", plain: Any, above: str) -> "T":
    """Return a group of a config that was written down, with what it lacks.

    Args:
        schema: of the group.
        plain: its keys and values.
        above: the key of the group, with a dot.

    Raises:
        KeyError, ValueError: see `to_config`.
    """
    if not isinstance(plain, Mapping):
        raise ValueError(f"{above.rstrip('.')} is {plain!r}, not a group")
    known = {one.name: one for one in fields(schema)}
    for name in plain:
        if name not in known:
            raise KeyError(f"{above}{name}")
    return schema(**{n: _value(schema, one, plain, f"{above}{n}") for n, one in known.items()})


def _value(schema: type, one: Field[Any], plain: Mapping[str, Any], key: str) -> Any:
    effect, kind = effect_of(schema, one), _hints(schema)[one.name]
    if effect.group is not None and effect.many:
        groups = plain.get(one.name, {})
        return {name: filled(effect.group, part, f"{key}.{name}.") for name, part in groups.items()}
    if effect.group is not None:
        return filled(effect.group, plain.get(one.name, {}), f"{key}.")
    if one.name in plain:
        found = plain[one.name]
        return kind(found) if isinstance(kind, type) and issubclass(kind, Enum) else found
    value = _default(one) if effect.neutral is None else effect.neutral
    if value == MISSING and effect.changes not in (NOTHING, PLACE):
        raise KeyError(key)
    return value


@cache
def _hints(schema: type) -> dict[str, Any]:
    return get_type_hints(schema)


def _default(one: Field[Any]) -> Any:
    return one.default if one.default_factory is NO_DEFAULT else one.default_factory()
