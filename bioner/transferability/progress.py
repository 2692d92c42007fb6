"""How far a long computation is: a bar on a terminal, a line a step elsewhere."""

import logging
import time
from collections.abc import Iterator, Sequence
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

log = logging.getLogger(__name__)
Item = TypeVar("Item")


def tracked(items: Sequence[Item], what: str) -> Iterator[Item]:
    """Yield the items, and say after each how many are done and how long the rest will take.

    Args:
        items: the steps.
        what: they are, for the lines.
    """
    console = Console()
    if console.is_terminal:
        columns = (
            TextColumn(what),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("ETA"),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=console) as bar:
            yield from bar.track(items)
        return
    started = time.monotonic()
    for done, item in enumerate(items, 1):
        yield item
        pace = (time.monotonic() - started) / done
        log.info("%s %d/%d ETA %.0f s", what, done, len(items), pace * (len(items) - done))
