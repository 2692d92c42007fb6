"""The entity types of a dataset's YAML: a list, or a map from the names in the files."""

from collections.abc import Mapping
from typing import Any

from bioner.errors import nearest


def type_names(types: Any) -> tuple[str, ...]:
    """Return the entity types in the order of their tag ids; () where the files decide.

    Args:
        types: a list of names, or a map from a name in the files to a name or None; None or []
            where the files decide.
    """
    if isinstance(types, Mapping):
        return tuple(dict.fromkeys(name for name in types.values() if name is not None))
    return tuple(types or ())


class TypeMap:
    """What the types in the files of a dataset are called.

    Args:
        types: as in the YAML. A list stands for itself; None or [] allows every name.
        key: of the types, for the message.
    """

    def __init__(self, types: Any, key: str) -> None:
        self._key = key
        self._all = not types
        is_map = isinstance(types, Mapping)
        self._map = dict(types) if is_map else {name: name for name in type_names(types)}

    @property
    def changes(self) -> bool:
        """Whether some name is replaced or left out."""
        return any(name != known for known, name in self._map.items())

    def __getitem__(self, found: str) -> str | None:
        """Return the name of a type in a file; None where its mentions are left out."""
        return found if self._all else self._map[found]

    def drops(self, found: str) -> bool:
        """Say whether mentions of a type in a file are left out."""
        return not self._all and self._map.get(found, found) is None

    def fault(self, found: str) -> tuple[str, str] | None:
        """Return what is wrong with a type of a file and what is legal, None if it can be used."""
        if found not in self._map and not self._all:
            return f"type {found!r} is not in {self._key}", nearest(found, self._map)
        if found.split() != [found] and self._all:
            legal = f"expected a name without blanks, or a map in {self._key}"
            return f"the type is {found!r}", legal
        return None
