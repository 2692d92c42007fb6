"""What a job says on its console: how far it is, and its last words."""

import re
from collections import deque

_NEWS = re.compile(r"(?:pretrain|finetune) epoch .*")
_OUR_ERROR = "bioner: error: "
_WARNING = "bioner: warning: "
_GOES_ON = re.compile(r"the same command goes on from (step \d+ of \w+)")


def warning_line(text: str) -> bytes:
    """Return the line of a console that is taken for a warning to whoever follows the job."""
    return f"{_WARNING}{text}\n".encode()


class ConsoleLines:
    """Takes a console piece by piece.

    Attributes:
        news: the newest epoch and its scores; at first what it is made with.
        reached: from where the job goes on, as it says where it is stopped; empty before.
    """

    def __init__(self, news: str) -> None:
        self.news, self.reached = news, ""
        self._warnings: list[str] = []
        self._lines: deque[str] = deque(maxlen=20)
        self._partial = b""

    def take(self, text: bytes) -> None:
        """Take the next piece, which may end within a line."""
        *lines, self._partial = (self._partial + text).split(b"\n")
        for line in lines:
            said = line.decode(errors="replace").rstrip()
            if said:
                self._lines.append(said)
            if news := _NEWS.search(said):
                self.news = news[0]
            if goes_on := _GOES_ON.search(said):
                self.reached = goes_on[1]
            if said.startswith(_WARNING):
                self._warnings.append(said.removeprefix(_WARNING))

    def new_warnings(self) -> list[str]:
        """Return the warnings that have come since this was asked last."""
        found, self._warnings = self._warnings, []
        return found

    def last(self) -> str:
        """Return the error that was said, or else the last line."""
        said = [line for line in self._lines if line.startswith(_OUR_ERROR)]
        return (said or self._lines or ["(none)"])[-1].removeprefix(_OUR_ERROR)
