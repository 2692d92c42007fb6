"""A grid on Slurm itself: a cluster of one node, made for the test where Slurm is installed."""

import getpass
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.grid.grids import begun, grid, records, states

pytest.importorskip("submitit")

DAEMONS = ("slurmctld", "slurmd")
PATHS = "/usr/sbin:/usr/local/sbin:/sbin"
# Jobs of the partition `high` put those of `low` back into the queue.
CONFIG = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
SlurmdPort={node}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/none
CredType=cred/none
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
ReturnToService=2
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
SchedulerParameters=sched_interval=2,bf_interval=2
NodeName={host} NodeAddr=127.0.0.1 CPUs=2 RealMemory=4000
PartitionName=low Nodes=ALL Default=YES PriorityTier=1
PartitionName=high Nodes=ALL PriorityTier=10 PreemptMode=OFF
"""


@pytest.fixture
def slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A cluster of two cores on this machine, which the commands of Slurm find."""
    found = [shutil.which(name) or shutil.which(name, path=PATHS) for name in DAEMONS]
    if None in found or shutil.which("sbatch") is None:
        pytest.skip("Slurm is not installed")
    folder = tmp_path / "slurm"
    (folder / "state").mkdir(parents=True)
    controller, node = _free_ports()
    host, user = socket.gethostname().partition(".")[0], getpass.getuser()
    values = {"host": host, "user": user, "folder": folder, "controller": controller, "node": node}
    (folder / "slurm.conf").write_text(CONFIG.format(**values))
    monkeypatch.setenv("SLURM_CONF", str(folder / "slurm.conf"))
    daemons = []
    try:
        for daemon in found:
            with (folder / "daemons.log").open("ab") as log:
                daemons.append(subprocess.Popen([str(daemon), "-D"], stdout=log, stderr=log))
        _until(lambda: "idle" in _said("sinfo", "--noheader", "--format=%T"))
        yield
        _said("scancel", f"--user={user}")
    finally:
        for daemon in reversed(daemons):
            daemon.terminate()
            daemon.wait(timeout=60)


@pytest.mark.slow
def test_a_preempted_job_goes_on_from_its_checkpoint(tmp_path: Path, slurm: None) -> None:
    learns = ["finetune.train_size=240", "finetune.epochs=8", "optimizer.lr=3e-3"]
    jobs = ["checkpoint_minutes=0", *learns]
    started = begun(tmp_path, *jobs, "hydra/launcher=slurm", "hydra.launcher.cpus=2")
    _until(lambda: any(tmp_path.glob("runs/grid/*/checkpoints/finetune.ckpt")))
    (number,) = _said("squeue", "--noheader", "--format=%i").split()
    _said("sbatch", "--partition=high", "--cpus-per-task=2", "--output=/dev/null", "--wrap=sleep 1")
    printed, _ = started.communicate(timeout=600)
    assert (started.returncode, states(printed)) == (0, ["done"]), printed
    assert re.search(r"Restarts=1\b", _said("scontrol", "show", "job", number))
    (console,) = tmp_path.glob("runs/grid/*/console.log")
    assert console.read_text().count("finetune: goes on from") == 1
    (preempted,) = records(tmp_path).values()
    grid(tmp_path, *jobs, f"runs_dir={tmp_path}/undisturbed/runs")
    (undisturbed,) = records(tmp_path / "undisturbed").values()
    assert preempted["scores"] == undisturbed["scores"]
    assert preempted["scores"]["demo_disease"]["test"]["f1"] > 0


def _free_ports() -> tuple[int, int]:
    with socket.create_server(("", 0)) as one, socket.create_server(("", 0)) as other:
        return one.getsockname()[1], other.getsockname()[1]


def _said(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def _until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 300
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.2)
