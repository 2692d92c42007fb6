"""What Slurm knows of a user's jobs."""

import subprocess
import time
from getpass import getuser

# Seconds between two looks.
_POLL = 5.0

# The words of squeue(1), JOB STATE CODES, for jobs that won't run any more. COMPLETING is not one:
# a job that is preempted may be, for as long as Slurm waits to kill it, and then is pending again.
_OVER = {
    "BOOT_FAIL",
    "CANCELLED",
    "COMPLETED",
    "DEADLINE",
    "FAILED",
    "NODE_FAIL",
    "OUT_OF_MEMORY",
    "PREEMPTED",
    "REVOKED",
    "TIMEOUT",
}


class Queue:
    """Asks `squeue`, once for all jobs; of those that ended it tells for some minutes."""

    def __init__(self) -> None:
        self._looked, self._states = -_POLL, dict[str, str]()

    def state(self, number: str) -> str:
        """Return Slurm's word for the state of a job."""
        if time.monotonic() - self._looked >= _POLL:
            self._looked = time.monotonic()
            self._states = self._ask()
        return self._states.get(number, "no longer in the queue" if self._states else "unknown")

    def is_over(self, number: str) -> bool | None:
        """Say whether a job won't run any more; None while Slurm does not answer."""
        state = self.state(number)
        return None if not self._states else state in _OVER or number not in self._states

    def _ask(self) -> dict[str, str]:
        command = ["squeue", f"--user={getuser()}", "--states=all", "--format=%i %T"]
        try:
            said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
        except (OSError, subprocess.SubprocessError):
            return {}
        return dict(line.split(maxsplit=1) for line in said.stdout.splitlines())  # a header first
