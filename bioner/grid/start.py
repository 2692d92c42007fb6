"""How the process of a job is started: anew, or by another way that offers the same."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import IO, Protocol

from bioner.machine import ends_with_parent


class Started(Protocol):
    """A child of this process, in a session of its own, that ends with this one."""

    @property
    def pid(self) -> int:
        """Its number, which is that of its process group too."""

    @property
    def stdout(self) -> IO[bytes] | None:
        """What it prints, errors included."""

    def wait(self) -> int:
        """Wait for its end; return its exit code, or of the signal that ended it the negative."""


Start = Callable[[Sequence[str], Mapping[str, str]], Started]
"""Starts Python with words after the interpreter's name, and variables besides this process's."""

# A job prints at once what its log is to hold when it is killed.
SPEAKING = {"PYTHONUNBUFFERED": "1", "PYTHONFAULTHANDLER": "1"}


def start_anew(words: Sequence[str], variables: Mapping[str, str]) -> Started:
    """Start Python anew."""
    return subprocess.Popen(
        [sys.executable, ends_with_parent.__file__, sys.executable, *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        env={**os.environ, **variables, **SPEAKING},
    )
