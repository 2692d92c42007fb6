"""What the launchers of clusters share."""

from dataclasses import replace
from pathlib import Path

import pytest

from bioner.config.train import TrainConfig
from bioner.errors import ConfigError
from bioner.grid.jobs import Job, State
from bioner.grid.remote import Followed, devices
from bioner.runs.record_file import write_record
from tests.composition import train_config
from tests.records import complete_record


@pytest.fixture(scope="module")
def config() -> TrainConfig:
    return train_config("finetune.targets=[demo_disease]")


def test_devices_are_those_of_the_trainer(config: TrainConfig, tmp_path: Path) -> None:
    def of(**trainer: object) -> int:
        return devices(Job((), replace(config, trainer=trainer), tmp_path))

    assert [of(devices=1), of(devices=3), of(devices=[0, 2])] == [1, 3, 2]
    for auto in ({}, {"devices": "auto"}):
        with pytest.raises(ConfigError, match=r"trainer.devices: is auto"):
            of(**auto)
    with pytest.raises(ConfigError, match=r"trainer.num_nodes: is 2"):
        of(num_nodes=2)


def test_a_console_is_followed(config: TrainConfig, tmp_path: Path) -> None:
    console = tmp_path / "console.log"
    console.write_text("of an earlier start\n")
    followed = Followed(Job((), config, tmp_path), "is queued")
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


def test_a_record_speaks_for_a_job_without_a_result(config: TrainConfig, tmp_path: Path) -> None:
    followed = Followed(Job((), config, tmp_path), "is queued")
    write_record(tmp_path, complete_record(config))
    followed.lose("NODE_FAIL")
    assert (followed.job.state, followed.job.error) == (State.done, "")
