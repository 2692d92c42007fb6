"""The keys of a JSON object, each of which may come once."""

from collections.abc import Sequence


class DoubledError(ValueError):
    """A key comes twice."""


def each_once(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    """Make an object of its members; of a key that comes twice JSON would keep the last alone.

    Raises:
        DoubledError: a key comes twice.
    """
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        doubled = next(name for name in names if names.count(name) > 1)
        raise DoubledError(f"no JSON: a second {doubled!r} in one object")
    return found
