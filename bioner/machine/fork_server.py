"""A process that has imported what many jobs need, and from which each of them is forked.

It imports some modules and serves requests, one message each: what Python is to run, with the pipe
that it prints to. It has no thread, runs no operation of torch and opens no device, for a fork of
it could not use what these leave behind. What it starts is handed over to the process that asked,
as if that had started it: it alone waits for it, and Linux kills it when that one ends.
"""

import ctypes
import json
import os
import runpy
import socket
import sys
import threading
import time
from collections.abc import Sequence
from importlib import import_module

from bioner.machine.collector import collector_off
from bioner.machine.ends_with_parent import end_with_parent

_PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
LARGEST = 1 << 17
"""Bytes of a message."""

READY = "ready"
"""What is answered once all is imported; anything else says why nothing can be forked."""


def obstacle() -> str | None:
    """Return why no job can be forked from a process of this machine, or None."""
    return None if sys.platform == "linux" else f"forking is not safe on {sys.platform}"


def adopt(on: bool) -> None:
    """Have orphans below this process become its own children, or no more."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, int(on), 0, 0, 0)


def found_unsafe() -> str | None:
    """Return why this process can't be forked after what it has imported, or None."""
    if threading.active_count() > 1:
        names = ", ".join(one.name for one in threading.enumerate()[1:])
        return f"an import has started a thread ({names})"
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        return "an import has opened a GPU"
    return None


def serve(descriptor: int, modules: Sequence[str]) -> None:
    """Import, say whether that went well, and fork; in a fork, become what was asked for.

    Args:
        descriptor: of the socket on which the requests come.
        modules: that are imported.
    """
    channel = socket.socket(fileno=descriptor)
    with collector_off():
        for name in modules:
            import_module(name)
    channel.send((found_unsafe() or READY).encode())
    while True:
        message, (*pipe,), _, _ = socket.recv_fds(channel, LARGEST, 1)
        if not message:  # who asks has ended
            return
        between = os.fork()
        if between == 0:
            own = os.getpid()
            if os.fork() == 0:
                break
            os._exit(0)  # an orphan's next parent is the process that adopts
        os.waitpid(between, 0)
        os.close(pipe[0])
    while os.getppid() == own:
        time.sleep(0.0005)
    request = json.loads(message)
    _settle(channel, pipe[0], request["parent"])
    os.chdir(request["folder"])
    _run(request["words"], request["variables"])


def _settle(channel: socket.socket, output: int, parent: int) -> None:
    """Become a process of `parent`, in a session of its own, that prints into `output`."""
    end_with_parent()
    if os.getppid() != parent:
        os._exit(1)  # it has ended
    os.setsid()
    for number in (1, 2):
        os.dup2(output, number)
    os.close(output)
    channel.send(str(os.getpid()).encode())
    channel.close()


def _run(words: list[str], variables: dict[str, str]) -> None:
    """Do what `python WORDS` does: run a script, or `-m` and a module."""
    os.environ.update(variables)
    if words[0] == "-m":
        sys.argv = words[1:]
        runpy.run_module(words[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = words
        runpy.run_path(words[0], run_name="__main__")
