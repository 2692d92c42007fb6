"""What each field of a schema can change, said where the field is declared, and read from there.

Hashes of runs, keys of stages and of measures, baselines and what reports tell apart follow from
these declarations; there is no other list of what counts.
"""

import copy
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import Field, dataclass, field, fields, is_dataclass
from enum import StrEnum
from typing import Any, TypeVar

T = TypeVar("T")


class Changes(StrEnum):
    """What another value of a field can change.

    Attributes:
        STAGE: the result of a stage (of a measure, where the schema is that of `bioner measure`),
            and so all that follows from it.
        LATER: not the stage of whose group the field is, but those after it.
        DATA: which sentences a stage has. Its key names these themselves, the run's the value.
        PLACE: nothing, but where no SHA-256 says which files lie there: then the run.
        RUN: the run's record alone.
        NOTHING: neither result nor record.
    """

    STAGE = "stage"
    LATER = "later"
    DATA = "data"
    PLACE = "place"
    RUN = "run"
    NOTHING = "nothing"


STAGE, LATER, DATA, PLACE, RUN, NOTHING = Changes


@dataclass(frozen=True)
class Effect:
    """The declaration of one field.

    Attributes:
        changes: what another value can change; None for a group, whose fields say it themselves.
        axis: whether an axis of reports stands for it: runs that differ in it are never averaged.
        neutral: what a run did that had no such key. It is left out of every hash, as null always
            is, so that a key which is added later orphans no run.
        role: of the datasets that the field names, in the stage of whose group it is.
        reading: whether it decides which sentences a reader makes of a file.
        counts_as: what of the value counts; None: all of it.
        group: the schema of the group, or of each of many groups under names.
        many: whether there are many, of which a stage has those that it names.
    """

    changes: Changes | None
    axis: bool = False
    neutral: Any = None
    role: str | None = None
    reading: bool = False
    counts_as: Callable[[Any], Any] | None = None
    group: type | None = None
    many: bool = False

    def is_neutral(self, value: Any) -> bool:
        """Say whether a value is left out of hashes."""
        return value is None or (self.neutral is not None and bool(value == self.neutral))


_METADATA = "effect"


def value(default: T, changes: Changes, **about: Any) -> T:
    """Declare a field with a default; `about` are further attributes of `Effect`."""
    effect = Effect(changes, **about)
    return field(default=default, metadata={_METADATA: effect})


def made(default: Callable[[], T], changes: Changes, **about: Any) -> T:
    """Declare a field whose default is made anew for each config."""
    effect = Effect(changes, **about)
    return field(default_factory=default, metadata={_METADATA: effect})


def group(schema: type[T]) -> T:
    """Declare a group of fields."""
    effect = Effect(None, group=schema)
    return field(default_factory=schema, metadata={_METADATA: effect})


def groups(schema: type[T]) -> dict[str, T]:
    """Declare groups of one schema under names of which a stage has those that it names."""
    effect = Effect(None, group=schema, many=True)
    return field(default_factory=dict, metadata={_METADATA: effect})


def effect_of(schema: type, one: Field[Any]) -> Effect:
    """Return the declaration of a field.

    Raises:
        TypeError: there is none.
    """
    found = one.metadata.get(_METADATA)
    if not isinstance(found, Effect):
        how = "declare it with `value`, `made` or `group` of bioner.config.effects"
        raise TypeError(f"{schema.__name__}.{one.name}: nothing says what it can change; {how}")
    return found


Key = tuple[str, ...]
"""The full key of a field: the names of its groups and its own."""


@dataclass(frozen=True)
class Declared:
    """A field of a config with its declaration and its value."""

    name: str
    effect: Effect
    value: Any


def declared(config: Any) -> Iterator[Declared]:
    """Yield the fields of a config or of one of its groups.

    Raises:
        TypeError: nothing says what a field can change.
    """
    for one in fields(config):
        yield Declared(one.name, effect_of(type(config), one), getattr(config, one.name))


def leaves(config: Any, above: Key = ()) -> Iterator[tuple[Key, Declared]]:
    """Yield the fields of a config and of all its groups, but the groups, under their full keys.

    Raises:
        TypeError: nothing says what a field can change.
    """
    for one in declared(config):
        yield from leaves_under(one, above)


def leaves_under(one: Declared, above: Key = ()) -> Iterator[tuple[Key, Declared]]:
    """Yield a field, or those of the group that it is."""
    key = (*above, one.name)
    if one.effect.group is None:
        yield key, one
    elif one.effect.many:
        for name, inside in one.value.items():
            yield from leaves(inside, (*key, name))
    else:
        yield from leaves(one.value, key)


def plain(config: Any, levels: Container[Changes | None]) -> dict[str, Any]:
    """Return what of a config is of some levels, as plain containers inside each other."""
    found: dict[str, Any] = {}
    for key, one in leaves(config):
        if one.effect.changes in levels:
            holder = found
            for name in key[:-1]:
                holder = holder.setdefault(name, {})
            holder[one.name] = counted(one)
    return found


def counted(one: Declared) -> Any:
    """Return what of a field's value counts, as plain containers."""
    kept = one.value if one.effect.counts_as is None else one.effect.counts_as(one.value)
    assert not is_dataclass(kept), f"{one.name}: declare it with `group`"
    return copy.deepcopy(kept)


def what_is_set(value: Any) -> Any:
    """Return a value's containers without what is null in them."""
    if isinstance(value, Mapping):
        return {key: what_is_set(one) for key, one in value.items() if one is not None}
    return value
