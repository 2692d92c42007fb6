"""Where a Ray cluster is said to be, and whether anybody answers there."""

import os
import re
import socket

_SECONDS = 10.0


def check_answers(address: str | None) -> None:
    """Connect once to where Ray would look: it tries a place where nobody listens for minutes.

    Args:
        address: as `ray.init` takes it; None and auto are RAY_ADDRESS where that is set. What is
            no [ray://]HOST:PORT is left to Ray.

    Raises:
        ConnectionError: nobody answers.
    """
    if address in (None, "auto"):
        address = os.environ.get("RAY_ADDRESS", "")
    place = re.fullmatch(r"(?:ray://)?\[?([^/]+?)\]?:(\d+)", address or "")
    if place is None:
        return
    try:
        socket.create_connection((place[1], int(place[2])), timeout=_SECONDS).close()
    except (OSError, OverflowError) as error:
        says = getattr(error, "strerror", None) or error
        raise ConnectionError(f"nobody answers at {address} ({says})") from error
