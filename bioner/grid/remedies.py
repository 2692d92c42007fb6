"""What helps where a job failed with an error that is not the user's, and so says nothing of it."""

import signal
from pathlib import Path

from bioner.runs.record import Failure

_MEMORY = "smaller batches (batch.sentences, batch.tokens) or fewer jobs at a time take less memory"


def remedy(error: Failure, directory: Path) -> str:
    """Return what helps against the error of a run, to stand after its message.

    Args:
        error: of the run's record.
        directory: of the run.
    """
    if error.type == "DivergedError":
        return ""  # its message says it
    if error.type in ("OutOfMemoryError", "MemoryError") or "out of memory" in error.message:
        return f"; {_MEMORY}"
    return f"; {directory / 'console.log'} has the traceback, the same command tries again"


def remedy_of(killed_by: signal.Signals) -> str:
    """Return what helps where a signal ended a run that nobody stopped."""
    if killed_by is signal.SIGKILL:
        return f"; where it was the lack of memory, {_MEMORY}"
    return "; the same command goes on from its last checkpoint"
