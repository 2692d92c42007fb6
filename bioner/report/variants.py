"""How runs are told apart by the axes that a report is asked for, besides those of every table."""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from bioner.config.effects import Key

COLUMNS = ("variant", "as_single", "as_transfer", "as_mtl")
"""Of a row: its own variant, and those that a run of another regime would have."""


@dataclass(frozen=True)
class Variant:
    """What a run has under the axes that are asked for.

    Attributes:
        values: full key → value, as far as the run uses it.
        of: full key → the field of the schema that it is or is a part of.
        used: the fields that the run uses.
    """

    values: Mapping[str, str]
    of: Mapping[str, Key]
    used: Set[Key]


def name_variants(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Put words in the place of each row's variants: `KEY=VALUE` for each key that differs.

    Args:
        rows: with a `Variant` under each of `COLUMNS`.

    Returns:
        `KEY=VALUE` for the keys that are the same in all runs that use them.
    """
    own = [row["variant"] for row in rows]
    differ, same = _differing(own)
    for row in rows:
        for column in COLUMNS:
            row[column] = _words(row[column].values, differ)
    return [f"{key}={value}" for key, value in same.items()]


def _differing(variants: Iterable[Variant]) -> tuple[set[str], dict[str, str]]:
    """Return the keys that differ among the runs that use them, and the others with their value."""
    variants = [*variants]
    fields = {key: field for one in variants for key, field in one.of.items()}
    differ, same = set[str](), dict[str, str]()
    for key, field in fields.items():
        # A key inside a field that holds names may lack in a run that uses the field.
        found = {one.values.get(key) for one in variants if field in one.used}
        if len(found) > 1:
            differ.add(key)
        elif (value := found.pop()) is not None:
            same[key] = value
    return differ, same


def _words(values: Mapping[str, str], differ: Set[str]) -> str:
    return " ".join(f"{key}={value}" for key, value in values.items() if key in differ)
