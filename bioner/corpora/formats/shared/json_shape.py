"""JSON values of the shape that a reader expects, or an error that says what stands there."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from bioner.errors import DataError

T = TypeVar("T")

_NAMES = {
    dict: "an object",
    list: "a list",
    str: "a string",
    int: "a whole number",
    float: "a number",
}
_LARGEST = 10**15
_SHOWN = 60  # characters of a value that a message shows


@dataclass(frozen=True)
class Members:
    """A JSON object whose members are asked for by name.

    Args:
        value: what should be an object.
        name: what a message calls it.
        place: the file.
        line: the line that it starts on, or None where that is not known.

    Raises:
        DataError: if it is no object.
    """

    value: Any
    name: str
    place: Path | str
    line: int | None

    def __post_init__(self) -> None:
        self._expect(self.name, self.value, dict)

    def get(self, key: str, kind: type[T], default: T | None = None) -> T:
        """Return a member; the default where there is none.

        Raises:
            DataError: if it is of another kind, or missing without a default.
        """
        found = self.value.get(key)
        name = f"{key!r} of {self.name}"
        if key not in self.value:
            if default is None:
                raise self.error(f"{self.name} has no {key!r}", f"expected {_NAMES[kind]}")
            return default
        return self._expect(name, found, kind)

    def objects(self, key: str) -> list["Members"]:
        """Return the objects in a list, none where there is no such list.

        Raises:
            DataError: if it is no list, or something in it is no object.
        """
        values: list[Any] = self.get(key, list, [])
        return [
            Members(value, f"{key}[{number}] of {self.name}", self.place, self.line)
            for number, value in enumerate(values)
        ]

    def error(self, found: str, legal: str) -> DataError:
        """Return an error at this object."""
        return DataError(self.place, self.line, found, legal)

    def _expect(self, name: str, found: Any, kind: type[T]) -> T:
        if kind is float and isinstance(found, int) and not isinstance(found, bool):
            found = float(found) if abs(found) < _LARGEST else found
        right = isinstance(found, kind) and not isinstance(found, bool)
        if not right or (isinstance(found, int | float) and not abs(found) < _LARGEST):
            raise self.error(f"{name} is {written(found)}", f"expected {_NAMES[kind]}")
        if isinstance(found, str) and any("\ud800" <= c <= "\udfff" for c in found):
            raise self.error(f"{name} has half of a surrogate pair", "expected Unicode characters")
        return found


def written(value: Any) -> str:
    """Return a value as JSON has it, cut where it is long."""
    try:
        text = json.dumps(value, ensure_ascii=False, default=str)
    except (RecursionError, ValueError):
        return "lists or objects nested too deeply"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
