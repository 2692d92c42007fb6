"""Whether a host of the network answers at all."""

import os
import socket
from contextlib import closing
from functools import cache

# Seconds: who waits for longer is not helped by a check before the work.
_PATIENCE = 3.0

# What of the environment says that addresses go through another host, which knows more than we.
_PROXIES = ("https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY")


@cache
def reachable(host: str, port: int = 443) -> bool:
    """Say whether a host takes a connection, or may through a proxy; asked once in a process."""
    if any(os.environ.get(name) for name in _PROXIES):
        return True
    try:
        with closing(socket.create_connection((host, port), _PATIENCE)):
            return True
    except OSError:
        return False
