"""A finished run is skipped only where its files are still those that it was trained on."""

from pathlib import Path

import pytest

from bioner.config.identity import run_name
from bioner.config.train import TrainConfig
from bioner.errors import DataError
from bioner.grid.jobs import Job, State
from bioner.runs.record_file import read_record
from bioner.train.run import train
from tests.composition import train_config

TEXT = "a\tO\nb\tB-Gene\n\nc\tO\nd\tB-Gene\n\n"


def corpus(folder: Path) -> Path:
    folder.mkdir()
    for split in ("train", "devel", "test"):
        (folder / f"{split}.tsv").write_text(TEXT.replace("a", split))
    return folder


def config_of(tmp_path: Path, folder: Path) -> TrainConfig:
    """Return a config whose `demo_disease` is a folder that no SHA-256 pins."""
    config = train_config(
        "finetune.targets=[demo_disease]",
        "finetune.epochs=1",
        "encoder=tiny",
        "logger=none",
        "trainer.accelerator=cpu",
        f"runs_dir={tmp_path}/runs",
        f"cache_dir={tmp_path}/cache",
    )
    one = config.dataset["demo_disease"]
    one.path, one.types = str(folder), ["Gene"]
    one.sha256, one.sentences, one.mentions = {}, {}, {}
    return config


def test_a_changed_file_is_named_and_the_run_not_skipped(tmp_path: Path) -> None:
    folder = corpus(tmp_path / "mine")
    config = config_of(tmp_path, folder)
    directory = tmp_path / "runs" / run_name(config)
    directory.mkdir(parents=True)
    train(config, directory)
    train(config, directory)  # skipped
    job = Job((), config, directory)
    job.look()
    assert job.state == State.done
    with (folder / "train.tsv").open("a") as file:
        file.write(TEXT)
    says = rf"mine/train.tsv: the finished run {directory.name} was trained on another train file"
    with pytest.raises(DataError, match=says):
        train(config, directory)
    job.look()
    assert job.state == State.failed and "rerun=true replaces its result" in job.error
    config.rerun = True
    train(config, directory)
    assert read_record(directory).datasets["demo_disease"].sentences["train"] == 4


def test_another_folder_is_another_run_where_nothing_pins_the_files(tmp_path: Path) -> None:
    one, other = (config_of(tmp_path, tmp_path / name) for name in ("one", "other"))
    assert run_name(one) != run_name(other)
    pinned = dict.fromkeys(("train", "devel", "test"), "0")
    one.dataset["demo_disease"].sha256 = other.dataset["demo_disease"].sha256 = pinned
    assert run_name(one) == run_name(other)
