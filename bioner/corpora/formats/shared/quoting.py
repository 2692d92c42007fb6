"""Pieces of a file in a message: quoted, and cut where they are long."""

_SHOWN = 60  # characters that a message shows


def shown(text: str) -> str:
    """Return a text in quotes, cut where it is long."""
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")
