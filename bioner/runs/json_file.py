"""JSON files: written at once, and read as the dataclass that they were written from."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from bioner.errors import UserError
from bioner.machine.writing import whole

if TYPE_CHECKING:
    from pydantic import TypeAdapter, ValidationError
    from pydantic_core import ErrorDetails

T = TypeVar("T")

_SHOWN = 60


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write a JSON file at once: it is whole or not there."""
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    with whole(path) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")


def plain_json(text: str, path: str) -> Any:
    """Return what a JSON text holds.

    Args:
        text: the JSON.
        path: where it is from, for messages.

    Raises:
        UserError: it is no JSON; `NaN` and `Infinity` are none.
    """

    def refuse(constant: str) -> NoReturn:
        raise ValueError(f"{constant} is no JSON")

    try:
        return json.loads(text, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path}: damaged: {error}") from error


def typed_json(kind: type[T], text: str, path: str) -> T:
    """Return a JSON text as a dataclass; every field has the type that is declared, to the bottom.

    A field that the dataclass does not have is passed over: a later version may have added it.

    Args:
        kind: the dataclass.
        text: the JSON.
        path: where it is from, for messages.

    Raises:
        UserError: a field is missing or of another type; names the field's path.
    """
    from pydantic import ValidationError  # a quarter of a second

    try:
        return _adapter(kind).validate_json(text, strict=True)
    except ValidationError as error:
        raise UserError(f"{path}: {_says(error)}") from error


_ADAPTERS: dict[type, Any] = {}


def _adapter(kind: type[T]) -> "TypeAdapter[T]":
    """Return pydantic's reader of a dataclass; to make one takes longer than to read a file."""
    from pydantic import TypeAdapter

    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    adapter: TypeAdapter[T] = _ADAPTERS[kind]
    return adapter


def _says(error: "ValidationError") -> str:
    faults = error.errors(include_url=False)
    more = f" (and {len(faults) - 1} more such fields)" if len(faults) > 1 else ""
    return f"damaged: {_fault(faults[0])}{more}"


def _fault(fault: "ErrorDetails") -> str:
    place = ".".join(map(str, fault["loc"])) or "the whole"
    if fault["type"] == "missing":
        return f"{place} is missing"
    found = json.dumps(fault["input"], ensure_ascii=False, default=str)
    shown = found if len(found) <= _SHOWN else found[: _SHOWN - 1] + "…"
    legal = fault["msg"].removeprefix("Input should be ").replace("an object", "a JSON object")
    return f"{place} is {shown}, not {legal}"
