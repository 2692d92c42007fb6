"""How far a long piece of work is: a bar with an ETA on a terminal, elsewhere a line at times."""

import logging
import time

from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from bioner.machine.terminal_bar import TerminalBar

# Seconds between two looks of the bar.
_LOOK = 0.2

log = logging.getLogger(__name__)


class ProgressBar:
    """Shows on standard error how much is done; a context manager that takes the bar down.

    Lines that are logged meanwhile stand above the bar, and it leaves nothing behind.

    Args:
        what: is done, in a word or two.
        total: of the work, in any unit; None where it is not known.
        done: of it by an earlier start.
        seconds: between two lines where there is no terminal.
        lines: whether a terminal gets lines too: where what is made is written to it meanwhile.
    """

    def __init__(
        self,
        what: str,
        total: float | None,
        done: float = 0.0,
        seconds: float = 30.0,
        lines: bool = False,
    ) -> None:
        self._what, self._total, self._first = what, total or None, done
        self._started = self._shown = time.monotonic()
        self._seconds, self._lines = seconds, lines
        self._bar = TerminalBar(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TextColumn("{task.fields[news]}", markup=False),
            TimeElapsedColumn(),
            TextColumn("ETA"),
            TimeRemainingColumn(),
            errors=True,
        )

    def __enter__(self) -> "ProgressBar":
        """Show it."""
        if not self._lines:
            self._bar.start(self._what, self._total, self._first)
        return self

    def __exit__(self, *error: object) -> None:
        """Take it down, whatever happened."""
        self._bar.stop()

    def show(self, done: float, news: str) -> None:
        """Say how much is done.

        Args:
            done: in the unit of the total, what an earlier start did included.
            news: the same in words, or what else there is to tell.
        """
        now = time.monotonic()
        if now - self._shown < (_LOOK if self._bar.shown else self._seconds):
            return
        self._shown = now
        if self._bar.shown:
            self._bar.move(done, news)
            return
        share, eta = "", ""
        if self._total and done > self._first:
            pace = (now - self._started) / (done - self._first)
            share = f", {done / self._total:.0%}"
            eta = f", ETA {pace * (self._total - done):.0f} s"
        log.info("%s: %s%s%s", self._what, news, share, eta)
