"""The signals that ask for the end are heard at once, or kept until somebody looks."""

import os
import signal
from collections.abc import Iterator

import pytest

from bioner.errors import Stopped
from bioner.machine.signals import EndSignals


@pytest.fixture
def signals() -> Iterator[EndSignals]:
    found = EndSignals()
    with found.heard():
        yield found


@pytest.mark.parametrize(
    ("number", "code", "says"),
    [
        (signal.SIGINT, 130, "interrupted"),
        (signal.SIGTERM, 143, "stopped by SIGTERM"),
        (signal.SIGHUP, 129, "stopped by SIGHUP"),
    ],
)
def test_each_is_heard_at_once(
    signals: EndSignals, number: signal.Signals, code: int, says: str
) -> None:
    with pytest.raises(Stopped) as stopped:
        os.kill(os.getpid(), number)
    assert (stopped.value.code, str(stopped.value)) == (code, says)


def test_the_first_is_kept_and_the_second_is_heard(signals: EndSignals) -> None:
    signals.keep(True)
    os.kill(os.getpid(), signal.SIGTERM)
    assert signals.asked is signal.SIGTERM
    with pytest.raises(Stopped):
        os.kill(os.getpid(), signal.SIGINT)
    signals.keep(False)
    assert signals.asked is None
    with pytest.raises(Stopped):
        os.kill(os.getpid(), signal.SIGTERM)


def test_one_that_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with EndSignals().heard():
            os.kill(os.getpid(), signal.SIGHUP)
    finally:
        assert signal.signal(signal.SIGHUP, before) is signal.SIG_IGN


def test_the_former_handlers_come_back() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with EndSignals().heard():
        pass
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
