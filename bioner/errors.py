"""The errors that are the user's to mend: one message, exit code 2, no traceback."""

import signal
from collections.abc import Callable, Hashable, Iterable
from difflib import get_close_matches
from pathlib import Path


class UserError(Exception):
    """What the user gave can't be used; the message says what was found and what is legal."""


class ConfigError(UserError):
    """A value of the config can't be used.

    Args:
        key: the full key, as one would type it on the command line.
        found: what is wrong, and with which value.
        legal: what would be right.
    """

    def __init__(self, key: str, found: str, legal: str = "") -> None:
        super().__init__(f"{key}: {found}" + (f"; {legal}" if legal else ""))
        self.key = key


class DataError(UserError):
    """A corpus file can't be read as its dataset's YAML says.

    Args:
        path: the file.
        line: 1-based line number, or None when the whole file is meant.
        found: what is wrong.
        legal: what would be right.
        of: what of the file it costs: faults of one document have the same. None is itself alone.
    """

    def __init__(
        self,
        path: Path | str,
        line: int | None,
        found: str,
        legal: str = "",
        of: Hashable | None = None,
    ) -> None:
        place = f"{path}" if line is None else f"{path}:{line}"
        self.says = found + (f"; {legal}" if legal else "")
        super().__init__(f"{place}: {self.says}")
        self.path, self.line, self.of = path, line, of


class Stopped(BaseException):
    """The process was asked to end, by Ctrl-C or a signal. No error, so that none is recorded.

    Args:
        number: the signal.
        left: what is left behind to go on from, for the message.

    Attributes:
        code: the exit code that a shell gives to a process that a signal has ended.
    """

    def __init__(self, number: signal.Signals, left: str = "") -> None:
        what = "interrupted" if number is signal.SIGINT else f"stopped by {number.name}"
        super().__init__(what + (f"; {left}" if left else ""))
        self.number, self.left, self.code = number, left, 128 + number


class DivergedError(Exception):
    """The loss is no number any more: what was trained is no result. Exit code 1, no traceback."""


Report = Callable[[DataError], None]
"""What a reader does with a fault in a file: raise it, or note it and read on."""


def raise_it(error: DataError) -> None:
    """Raise a fault where it is found: the report of everyone who needs whole data."""
    raise error


def nearest(name: str, legal: Iterable[str]) -> str:
    """Return "did you mean …? Legal: …" for a name that is not among the legal ones."""
    names = sorted(legal)
    close = get_close_matches(name, names, n=3, cutoff=0.5)
    meant = f"did you mean {' or '.join(close)}? " if close else ""
    return f"{meant}Legal: {', '.join(names) or '(none)'}"
