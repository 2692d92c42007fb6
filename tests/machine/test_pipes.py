"""What a pipe holds, whichever number its descriptor has."""

import fcntl
import os
import resource
import time
from collections.abc import Iterator

import pytest

from bioner.machine.pipes import readable


@pytest.fixture(params=[0, 1100])
def pipe(request: pytest.FixtureRequest) -> Iterator[tuple[int, int]]:
    """A pipe whose reading end has at least the number that is asked for."""
    if resource.getrlimit(resource.RLIMIT_NOFILE)[0] <= request.param:
        pytest.skip(f"this shell allows fewer than {request.param + 1} open files")
    first, write = os.pipe()
    read = fcntl.fcntl(first, fcntl.F_DUPFD, request.param)
    os.close(first)
    yield read, write
    os.close(read)
    os.close(write)


def test_an_empty_pipe_is_waited_for(pipe: tuple[int, int]) -> None:
    start = time.monotonic()
    assert readable([pipe[0]], 0.05) == []
    assert time.monotonic() - start >= 0.05


def test_a_pipe_with_something_in_it(pipe: tuple[int, int]) -> None:
    os.write(pipe[1], b"x")
    assert readable([pipe[0]], 5) == [pipe[0]]


def test_a_pipe_whose_writer_left() -> None:
    read, write = os.pipe()
    os.close(write)
    assert readable([read], 5) == [read]
    os.close(read)


def test_nothing_to_wait_for() -> None:
    assert readable([], 0) == []
