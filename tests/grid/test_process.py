"""How the process of a job ends, and what is said of it."""

import signal
from collections.abc import Callable, Iterator

import pytest

from bioner.grid.jobs import Job, State
from bioner.grid.process import Process
from bioner.grid.start import start_anew
from bioner.grid.warm import Warm
from bioner.machine import fork_server
from tests.composition import train_config


@pytest.fixture(scope="module", params=["anew", "warm"])
def ended(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Process]]:
    """Run a program as a job to its end, started in each of the two ways."""
    if request.param == "warm" and (why := fork_server.obstacle()):
        pytest.skip(why)
    warm = Warm({}, modules=()) if request.param == "warm" else None
    config = train_config("finetune.targets=[demo_disease]")

    def run(program: str) -> Process:
        job = Job((), config, tmp_path_factory.mktemp("run"))
        (script := job.directory / "program.py").write_text(program)
        start = start_anew if warm is None else warm.start
        process = Process(job, [str(script)], {}, None, start)
        while not process.ended():
            process.wait()
        process.close()
        return process

    yield run
    if warm is not None:
        warm.close()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_a_signal(number: signal.Signals, ended: Callable[[str], Process]) -> None:
    process = ended(f"import os; print('hello', flush=True); os.kill(os.getpid(), {number:d})")
    assert process.killed
    assert process.job.state is State.failed
    assert process.job.error.startswith(f"killed by {number.name}; last words: hello; ")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_after_which_it_ended_in_order(
    number: signal.Signals, ended: Callable[[str], Process]
) -> None:
    process = ended(f"import sys; print('bioner: stopped'); sys.exit({128 + number})")
    assert process.killed  # Ray tries such a job again
    assert process.job.error.startswith(
        f"killed by {number.name}; last words: bioner: stopped; the same command goes on"
    )


def test_an_error(ended: Callable[[str], Process]) -> None:
    process = ended("import sys; print('bioner: error: seed: is -1'); sys.exit(2)")
    assert not process.killed
    assert process.job.error == "seed: is -1"


def test_no_error_and_no_record(ended: Callable[[str], Process]) -> None:
    process = ended("pass")
    assert not process.killed
    assert process.job.state is State.failed
    assert process.job.error.startswith("left no record in ")
