"""Spans of time as people read them."""

from datetime import timedelta


def clock(seconds: float) -> str:
    """Return a span of time as `1:02:03`, hours first."""
    return str(timedelta(seconds=round(seconds)))
