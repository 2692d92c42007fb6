"""The signals that ask a process to end: heard at once, or kept until the work can be left."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from bioner.errors import Stopped

# Ctrl-C; the end of a session, of an allocation, of the machine; a closed terminal.
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class EndSignals:
    """Hears the signals that ask this process to end.

    Attributes:
        asked: the signal that came while it was kept, or None.
    """

    def __init__(self) -> None:
        self.asked: signal.Signals | None = None
        self._kept = False

    def listen(self) -> None:
        """Take these signals over, but for those that are ignored, as SIGHUP under nohup."""
        if threading.current_thread() is not threading.main_thread():
            return
        for number in _ENDING:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._hear)

    @contextmanager
    def heard(self) -> Iterator[None]:
        """Hear them as long as this lasts: each raises `Stopped` wherever the process is."""
        before = {number: signal.getsignal(number) for number in _ENDING}
        self.listen()
        try:
            yield
        finally:
            if threading.current_thread() is threading.main_thread():
                for number, handler in before.items():
                    signal.signal(number, handler)

    def keep(self, kept: bool) -> None:
        """Keep the first signal in `asked`, for who looks there often; a second one raises."""
        self._kept, self.asked = kept, None

    def _hear(self, number: int, frame: object) -> None:
        if self._kept and self.asked is None:
            self.asked = signal.Signals(number)
            return
        raise Stopped(signal.Signals(number))


END_SIGNALS = EndSignals()
"""Those of this process: what a signal does is a matter of the whole process."""
