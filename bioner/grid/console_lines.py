"""What a job says on its console: how far it is, and its last words."""

import re
from collections import deque

_NEWS = re.compile(r"(?:pretrain|finetune) epoch .*")
_OUR_ERROR = "bioner: error: "


class ConsoleLines:
    """Takes a console piece by piece.

    Attributes:
        news: the newest epoch and its scores; at first what it is made with.
    """

    def __init__(self, news: str) -> None:
        self.news = news
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

    def last(self) -> str:
        """Return the error that was said, or else the last line."""
        said = [line for line in self._lines if line.startswith(_OUR_ERROR)]
        return (said or self._lines or ["(none)"])[-1].removeprefix(_OUR_ERROR)
