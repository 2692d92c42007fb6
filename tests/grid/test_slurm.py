"""Grids on submitit: on its own processes, and on stand-ins for the commands of Slurm."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bioner.config.launcher import SlurmOptions
from bioner.errors import ConfigError
from tests.grid import slurm_stand_in
from tests.grid.grids import (
    begun,
    grid,
    heads,
    is_gone,
    pid_of,
    reason,
    records,
    rows,
    states,
)

pytest.importorskip("submitit")

from bioner.grid.slurm import open_slurm

LOCAL = ["hydra/launcher=slurm", "hydra.launcher.cluster=local"]
SLURM = ["hydra/launcher=slurm", "hydra.launcher.cpus=1"]


@pytest.fixture
def slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of the stand-in's jobs."""
    folder = tmp_path / "slurm"
    for name, value in slurm_stand_in.install(folder).items():
        monkeypatch.setenv(name, value)
    yield folder
    for number in (file.parent.name for file in folder.glob("*/pid")):
        subprocess.run(["scancel", number], check=False)


def script(folder: Path) -> str:
    return (folder / "1" / "script").read_text()


def ends_as(folder: Path, state: str) -> bool:
    """Wait for a state of the first job: its result is there before Slurm says that it ended."""
    last = time.monotonic() + 60
    while (folder / "1" / "state").read_text() != state:
        if time.monotonic() > last:
            return False
        time.sleep(0.1)
    return True


@pytest.mark.slow
def test_local_executor(tmp_path: Path) -> None:
    ended = grid(tmp_path, *LOCAL, heads("raises", "killed", "linear"))
    assert ended.returncode == 1, ended.stderr
    assert states(ended.stdout) == ["failed", "failed", "done"]
    assert reason(ended.stdout, "raises").startswith("RuntimeError: out of luck, in two lines; ")
    assert reason(ended.stdout, "killed").startswith("killed by SIGKILL")
    again = grid(tmp_path, *LOCAL, heads("linear"))
    assert (again.returncode, len(records(tmp_path))) == (0, 2)
    assert "1 job: 1 done" in again.stdout


@pytest.mark.slow
def test_a_grid_on_slurm(tmp_path: Path, slurm: Path) -> None:
    ended = grid(
        tmp_path,
        *SLURM,
        heads("raises", "killed", "linear"),
        "hydra.launcher.options={account: mine}",
        "hydra.launcher.memory=4",
    )
    assert ended.returncode == 1, ended.stderr
    assert states(ended.stdout) == ["failed", "failed", "done"]
    assert reason(ended.stdout, "raises").startswith("RuntimeError: out of luck, in two lines; ")
    assert reason(ended.stdout, "killed").startswith("killed by SIGKILL")
    for line in ("--account=mine", "--mem=4GB", "--cpus-per-task=1", "--time=240", "--nodes=1"):
        assert f"#SBATCH {line}\n" in script(slurm)
    assert "gpus" not in script(slurm)  # trainer.accelerator=cpu
    (done,) = (record for record in records(tmp_path).values() if record["status"] == "complete")
    assert (
        rows(ended.stdout)[2].split()[1]
        == f"{100 * done['scores']['demo_disease']['test']['f1']:.2f}"
    )


@pytest.mark.slow
def test_a_preempted_job_goes_on(tmp_path: Path, slurm: Path) -> None:
    started = begun(tmp_path, *SLURM, heads("waits_once"))
    first = pid_of(tmp_path / "waits.pid")
    subprocess.run(["scancel", "--signal=USR2", "1"], check=True)
    printed, _ = started.communicate(timeout=600)
    assert started.returncode == 0, printed
    assert states(printed) == ["done"]
    assert is_gone(first)
    assert len(list(slurm.glob("[0-9]*"))) == 1  # the same job of Slurm
    assert ends_as(slurm, "COMPLETED")


@pytest.mark.slow
def test_a_job_that_gets_no_further_is_warned_of(tmp_path: Path, slurm: Path) -> None:
    started = begun(tmp_path, *SLURM, heads("waits"))
    for _ in range(2):
        pid_of(tmp_path / "waits.pid")
        (tmp_path / "waits.pid").unlink()
        subprocess.run(["scancel", "--signal=USR2", "1"], check=True)
    pid_of(tmp_path / "waits.pid")
    time.sleep(5)  # until the launcher has read the console
    started.send_signal(signal.SIGINT)
    printed, _ = started.communicate(timeout=600)
    assert states(printed) == ["stopped"]
    assert "requeued twice without having got further than its start" in printed


@pytest.mark.slow
def test_a_stopped_grid_leaves_no_job_behind(tmp_path: Path, slurm: Path) -> None:
    started = begun(tmp_path, *SLURM, heads("waits"))
    pid = pid_of(tmp_path / "waits.pid")
    started.send_signal(signal.SIGINT)
    printed, _ = started.communicate(timeout=600)
    assert (started.returncode, states(printed)) == (130, ["stopped"])
    assert is_gone(pid)


@pytest.mark.slow
def test_a_grid_finds_its_jobs_in_the_queue(tmp_path: Path, slurm: Path) -> None:
    started = begun(tmp_path, *SLURM, heads("waits_once"))
    pid = pid_of(tmp_path / "waits.pid")
    started.kill()
    started.communicate(timeout=600)
    assert not is_gone(pid, within=0)  # it is Slurm's
    again = begun(tmp_path, *SLURM, heads("waits_once"))
    time.sleep(10)
    subprocess.run(["scancel", "--signal=USR2", "1"], check=True)  # now it need not wait
    printed, _ = again.communicate(timeout=600)
    assert (again.returncode, states(printed)) == (0, ["done"]), printed
    assert len(list(slurm.glob("[0-9]*"))) == 1


@pytest.mark.slow
def test_what_slurm_ends_or_refuses_is_said(tmp_path: Path, slurm: Path) -> None:
    started = begun(tmp_path, *SLURM, heads("waits"))
    pid_of(tmp_path / "waits.pid")
    (slurm / "1" / "state").write_text("OUT_OF_MEMORY")
    printed, _ = started.communicate(timeout=600)
    assert (started.returncode, states(printed)) == (1, ["failed"])
    assert "Slurm's job 1: OUT_OF_MEMORY" in printed
    refused = grid(tmp_path, *SLURM, "seed=2", "hydra.launcher.options={partition: full}")
    assert "invalid partition specified: full" in refused.stdout
    assert refused.returncode == 1


def test_options_that_submitit_does_not_know_are_refused(slurm: Path) -> None:
    options = SlurmOptions("", "slurm", 1, 60, 1, 1, None)
    open_slurm(options, [])
    with pytest.raises(ConfigError, match=r"hydra.launcher.options: .*partitio"):
        open_slurm(replace(options, options={"partitio": "gpu"}), [])


def test_there_is_no_slurm(tmp_path: Path) -> None:
    ended = grid(tmp_path, "hydra/launcher=slurm", env={"PATH": str(Path(sys.executable).parent)})
    assert ended.returncode == 2
    assert "hydra/launcher: is slurm, and there is no command sbatch, srun" in ended.stderr
