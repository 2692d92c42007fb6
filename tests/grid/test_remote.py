"""What the launchers of clusters share."""

from pathlib import Path

import pytest

from bioner.errors import ConfigError
from bioner.grid.heard import Heard
from bioner.grid.jobs import Job, State
from bioner.grid.remote import Followed, checked, devices
from tests.composition import train_config

slurm = pytest.importorskip("bioner.grid.slurm", exc_type=ImportError)


def job(directory: Path, *overrides: str) -> Job:
    return Job((), train_config("finetune.targets=[demo_disease]", *overrides), directory)


def test_options_are_checked() -> None:
    assert checked({"n_jobs": 3}, slurm.SlurmOptions).n_jobs == 3
    with pytest.raises(ConfigError, match=r"hydra.launcher.n_job: no such option; did you mean"):
        checked({"n_job": 3}, slurm.SlurmOptions)
    with pytest.raises(ConfigError, match=r"hydra.launcher.n_jobs: .*'many'"):
        checked({"n_jobs": "many"}, slurm.SlurmOptions)


def test_devices_are_those_of_the_trainer(tmp_path: Path) -> None:
    assert devices(job(tmp_path)) == 1
    assert devices(job(tmp_path, "trainer=ddp", "trainer.devices=3")) == 3
    assert devices(job(tmp_path, "trainer.devices=[0,2]")) == 2
    with pytest.raises(ConfigError, match=r"trainer.devices: is auto"):
        devices(job(tmp_path, "trainer=ddp"))
    with pytest.raises(ConfigError, match=r"trainer.num_nodes"):
        devices(job(tmp_path, "+trainer.num_nodes=2"))


def test_a_console_is_followed(tmp_path: Path) -> None:
    console = tmp_path / "console.log"
    console.write_text("of an earlier start\n")
    followed = Followed(job(tmp_path), "is queued")
    followed.listen()
    assert (followed.news, followed.seconds) == ("is queued", 0.0)
    with console.open("a") as file:
        file.write("finetune epoch 1: devel 0.5\nlast wor")
    followed.listen()
    assert followed.news == "finetune epoch 1: devel 0.5"
    assert followed.seconds > 0
    with console.open("a") as file:
        file.write("ds\n")
    followed.lose("NODE_FAIL")
    assert followed.job.state is State.failed
    assert followed.job.error == "NODE_FAIL; last words: last words"


def test_our_own_error_is_the_last_word() -> None:
    heard = Heard("starts")
    heard.take(b"bioner: error: seed: is -1\nsomething else\n")
    assert heard.last() == "seed: is -1"
