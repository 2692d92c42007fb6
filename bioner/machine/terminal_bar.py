"""A bar on a terminal that stays below the lines that are logged meanwhile."""

import logging
import os
import sys
from typing import TextIO

from rich.console import Console
from rich.progress import Progress, ProgressColumn


class TerminalBar:
    """One bar, where a stream is a terminal; elsewhere nothing is shown.

    Its codes go to the terminal by a way of their own: who records the stream, as Weights & Biases
    does with standard output, gets the lines alone. It leaves nothing behind.

    Args:
        columns: of the bar, each of which must keep to one line.
        errors: whether it stands on standard error; else on standard output.
    """

    def __init__(self, *columns: ProgressColumn, errors: bool = False) -> None:
        self._columns, self._errors = columns, errors
        self._bar: Progress | None = None
        self._screen: TextIO | None = None
        self._moved: list[tuple[logging.StreamHandler[TextIO], TextIO]] = []

    @property
    def shown(self) -> bool:
        """Whether there is a bar."""
        return self._bar is not None

    def start(self, what: str, total: float | None, completed: float) -> None:
        """Show it, if there is a terminal; a total of None is not known."""
        stream = sys.stderr if self._errors else sys.stdout
        if not stream.isatty():
            return
        self._screen = os.fdopen(os.dup(stream.fileno()), "w", encoding=stream.encoding)
        self._bar = Progress(
            *self._columns,
            console=Console(file=self._screen),
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        task = self._bar.add_task(what, total=total, news="")
        self._bar.update(task, completed=completed)
        self._bar.start()
        for handler in logging.getLogger().handlers:
            if isinstance(handler, logging.StreamHandler) and handler.stream.isatty():
                self._moved.append((handler, handler.stream))
                handler.setStream(_Above(handler.stream, self._bar))

    def move(self, completed: float, news: str | None = None) -> None:
        """Say how much is done, and what else there is to tell; None: what was told before."""
        if self._bar is not None:
            task = self._bar.task_ids[0]
            self._bar.update(task, completed=completed)
            if news is not None:
                self._bar.update(task, news=news)

    def stop(self) -> None:
        """Take it down."""
        for handler, stream in self._moved:
            handler.setStream(stream)
        self._moved = []
        if self._bar is not None and self._screen is not None:
            self._bar.stop()
            self._screen.close()
        self._bar = self._screen = None


class _Above:
    """A stream whose text stands above a bar, which is taken down meanwhile."""

    def __init__(self, stream: TextIO, bar: Progress) -> None:
        self._stream, self._bar = stream, bar

    def write(self, text: str) -> int:
        """Write it."""
        self._bar.stop()
        try:
            written = self._stream.write(text)
            self._stream.flush()
        finally:
            self._bar.start()
        return written

    def flush(self) -> None:
        """Write what is kept."""
        self._stream.flush()

    def isatty(self) -> bool:
        """Say that it is a terminal."""
        return True
