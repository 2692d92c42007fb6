"""How far a long piece of work is: a bar with an ETA on a terminal, elsewhere a line at times."""

import logging
import time

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

# Seconds between two lines where there is no terminal, and between two looks of the bar.
_LINE, _LOOK = 30.0, 0.2

log = logging.getLogger(__name__)


class Bar:
    """Shows on standard error how much of an input was read.

    Args:
        total: of the input, in any unit; 0 where it is not known.
    """

    def __init__(self, total: int) -> None:
        self._total, self._started, self._shown = total, time.monotonic(), time.monotonic()
        console = Console(stderr=True)
        self._bar = Progress(
            TextColumn("{task.fields[documents]} documents"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeElapsedColumn(),
            TextColumn("ETA"),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("", total=total or None, documents=0)

    def __enter__(self) -> "Bar":
        """Show it."""
        self._bar.start()
        return self

    def __exit__(self, *error: object) -> None:
        """Take it down, whatever happened."""
        self._bar.stop()

    def show(self, done: int, documents: int) -> None:
        """Say how much was read, and how many documents that is."""
        now = time.monotonic()
        if now - self._shown < (_LINE if self._bar.disable else _LOOK):
            return
        self._shown = now
        if not self._bar.disable:
            self._bar.update(self._task, completed=done, documents=documents)
            return
        share = f", {done / self._total:.0%}" if self._total else ""
        left = (now - self._started) * (self._total / done - 1) if self._total and done else None
        eta = "" if left is None else f", ETA {left:.0f} s"
        log.info("%d documents%s%s", documents, share, eta)
