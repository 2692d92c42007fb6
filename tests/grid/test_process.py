"""How the process of a job ends, and what is said of it."""

import signal
import sys
from collections.abc import Callable

import pytest

from bioner.grid.jobs import Job, State
from bioner.grid.process import Process
from tests.composition import train_config


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Process]:
    """Run a program as a job to its end."""
    config = train_config("finetune.targets=[demo_disease]")

    def run(program: str) -> Process:
        job = Job((), config, tmp_path_factory.mktemp("run"))
        process = Process(job, [sys.executable, "-c", program], {}, None)
        while not process.ended():
            process.wait()
        process.close()
        return process

    return run


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
