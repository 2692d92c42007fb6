"""The bar of long work: lines where there is no terminal."""

import logging

import pytest

from bioner.machine.progress_bar import ProgressBar


def test_lines_say_how_far_it_is(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO), ProgressBar("pairs", 4, seconds=0) as bar:
        for done in (1, 2, 4):
            bar.show(done, f"{done}/4")
    assert [line.partition(", ETA")[0] for line in caplog.messages] == [
        "pairs: 1/4, 25%",
        "pairs: 2/4, 50%",
        "pairs: 4/4, 100%",
    ]
    assert caplog.messages[-1].endswith("ETA 0 s")


def test_lines_are_few(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO), ProgressBar("documents", None, seconds=30) as bar:
        for done in range(100):
            bar.show(done, f"{done}")
    assert caplog.messages == []


def test_what_was_done_before_is_not_counted_as_pace(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO), ProgressBar("x", 10, done=5, seconds=0) as bar:
        bar.show(5, "as before")
        bar.show(6, "more")
    assert caplog.messages[0] == "x: as before"
    assert caplog.messages[1].startswith("x: more, 60%, ETA")
