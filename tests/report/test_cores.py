"""Work over processes gives what one process gives, in order."""

import os

import pytest

from bioner.report.cores import over_cores


def negative_and_process(number: int) -> tuple[int, int]:
    if number == 13:
        raise ValueError("no 13")
    return -number, os.getpid()


@pytest.mark.parametrize("least", [5, 100])
def test_results_are_in_order(least: int) -> None:
    found = list(over_cores(negative_and_process, range(12), least))
    assert [number for number, _ in found] == [-k for k in range(12)]
    assert (os.getpid() in {process for _, process in found}) == (least == 100)


@pytest.mark.parametrize("least", [5, 100])
def test_an_error_is_the_callers(least: int) -> None:
    with pytest.raises(ValueError, match="no 13"):
        list(over_cores(negative_and_process, range(20), least))
