"""Jobs that are forked from a process that has imported everything."""

import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bioner.errors import UserError
from bioner.grid import warm
from bioner.grid.start import Started, start_anew
from bioner.grid.warm import Starts, Warm
from bioner.machine import fork_server
from tests.composition import train_config
from tests.grid.grids import is_gone, pid_of

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="jobs start anew elsewhere")

TELLS = """
import json, os, sys
told = [os.getppid(), os.getpid() == os.getsid(0) == os.getpgid(0), os.environ["MINE"]]
print(json.dumps([*told, sys.argv[1:], __name__]), file=sys.stderr)
sys.exit(7)
"""
SLEEPS = """
import os, pathlib, time
pathlib.Path("job.pid").write_text(str(os.getpid()))
time.sleep(100)
"""
PARENT = """
import pathlib, time
from bioner.grid.warm import Warm
warm = Warm({}, modules=())
warm.start(["sleeps.py"], {})
pathlib.Path("warm.pid").write_text(str(warm._process.pid))
time.sleep(100)
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with the programs."""
    for name, program in (("tells", TELLS), ("sleeps", SLEEPS)):
        (tmp_path / f"{name}.py").write_text(program)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def bare(place: Path) -> Iterator[Warm]:
    """One that has imported nothing."""
    found = Warm({}, modules=())
    yield found
    found.close()


def said(started: Started) -> str:
    assert started.stdout is not None
    with started.stdout as output:
        return output.read().decode()


def test_a_job_is_a_process_of_its_own_as_one_that_starts_anew(bare: Warm, place: Path) -> None:
    words, variables = [str(place / "tells.py"), "a=1", "b"], {"MINE": "x"}
    right = [os.getpid(), True, "x", ["a=1", "b"], "__main__"]
    for start in (start_anew, bare.start):
        job = start(words, variables)
        assert json.loads(said(job)) == right
        assert job.wait() == 7
    assert "MINE" not in os.environ
    (elsewhere := place / "elsewhere").mkdir()
    os.chdir(elsewhere)
    assert "bioner VERB" in said(job := bare.start(["-m", "bioner"], {}))
    assert job.wait() == 0
    (elsewhere / "cwd.py").write_text("import os; print(os.getcwd())")
    assert said(job := bare.start(["cwd.py"], {})) == f"{elsewhere}\n"
    assert job.wait() == 0


def test_a_job_that_is_killed_touches_no_other(bare: Warm, place: Path) -> None:
    sleeps = bare.start(["sleeps.py"], {})
    pid_of(place / "job.pid")
    other = bare.start(["sleeps.py"], {})
    os.killpg(sleeps.pid, signal.SIGKILL)
    assert sleeps.wait() == -signal.SIGKILL
    assert os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None
    bare.close()  # nor does the end of the process that it was forked from
    os.killpg(other.pid, signal.SIGINT)
    assert "KeyboardInterrupt" in said(other)
    assert other.wait() != 0


def test_all_end_with_the_one_that_started_them(place: Path) -> None:
    paths = os.pathsep.join(sys.path)
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT], env={**os.environ, "PYTHONPATH": paths}
    )
    pids = [pid_of(place / name) for name in ("job.pid", "warm.pid")]
    parent.kill()
    parent.wait()
    assert all(is_gone(pid) for pid in pids)


def test_what_can_not_be_forked(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(place)
    (place / "threads.py").write_text(
        "import threading, time\n"
        "threading.Thread(target=time.sleep, args=(60,), name='mine', daemon=True).start()\n"
    )
    with pytest.raises(UserError, match=r"an import has started a thread \(mine\)"):
        Warm({}, modules=("threads",))
    with pytest.raises(UserError, match="ended with 1"):
        Warm({}, modules=("no_such_module",))


def test_jobs_that_start_anew_say_why(
    place: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    starts, words = Starts(), [str(place / "tells.py")]
    ddp = train_config("finetune.targets=[demo_disease]", "trainer=ddp", "trainer.devices=2")
    assert starts.of(ddp) is start_anew
    plain = train_config("finetune.targets=[demo_disease]")
    monkeypatch.setattr(warm, "MODULES", ("no_such_module",))
    warm.warm_process.cache_clear()
    for _ in range(2):
        job = starts.of(plain)(words, {"MINE": "x"})
        assert "__main__" in said(job)
        assert job.wait() == 7
    monkeypatch.setattr(fork_server.sys, "platform", "darwin")
    assert starts.of(plain) is start_anew
    reasons = [line.partition("anew: ")[2] for line in caplog.messages]
    assert [reason.split()[0] for reason in reasons] == ["Lightning", "the", "forking"], reasons
