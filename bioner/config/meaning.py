"""What each key of a schema means: its dataclasses' docstrings, the one source of help."""

import inspect
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any, get_args, get_origin, get_type_hints

_ATTRIBUTE = re.compile(r"(\w+): (.*)")


def keys_of(schema: type, above: str = "") -> Iterator[tuple[str, str]]:
    """Yield the full key and a line of meaning of each value of a schema and of its groups.

    Groups that stand many times under names of their own, as datasets do, are left out.

    Args:
        schema: a dataclass.
        above: the full key of the group that it is, with a dot at the end.
    """
    hints, meanings = get_type_hints(schema), attributes(schema)
    for one in fields(schema):
        kind = hints[one.name]
        if is_dataclass(kind):
            assert isinstance(kind, type)
            yield from keys_of(kind, f"{above}{one.name}.")
        elif not _is_many(kind):
            said = _first_sentence(meanings.get(one.name, ""))
            yield f"{above}{one.name}", said + _choices(kind)


def attributes(schema: type) -> dict[str, str]:
    """Return what the docstrings of a dataclass and of its bases say of each attribute."""
    found: dict[str, str] = {}
    for base in reversed(schema.__mro__):
        text = inspect.cleandoc(base.__doc__ or "").partition("Attributes:\n")[2]
        name = ""
        for line in inspect.cleandoc(text).splitlines():
            match = _ATTRIBUTE.match(line)
            if match:
                name, found[match[1]] = match[1], match[2]
            elif name and line.startswith(" "):
                found[name] += f" {line.strip()}"
            else:
                name = ""
    return found


def _first_sentence(text: str) -> str:
    return re.split(r"(?<=\.) (?=[A-Z`])", text, maxsplit=1)[0].rstrip(".")


def _choices(kind: Any) -> str:
    is_enum = isinstance(kind, type) and issubclass(kind, Enum)
    return f" ({', '.join(one.value for one in kind)})" if is_enum else ""


def _is_many(kind: Any) -> bool:
    return get_origin(kind) is dict and any(is_dataclass(one) for one in get_args(kind))
