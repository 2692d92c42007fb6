"""What can't run is said before anything runs, with what helps, and how long the rest takes."""

import shutil
import socket
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import pytest

from bioner.grid.jobs import Job, State
from bioner.grid.preflight import preflight
from bioner.grid.remedies import remedy
from bioner.machine import reachable
from bioner.model.encoder_place import weights_bytes
from bioner.runs.record import Failure
from bioner.runs.record_file import write_record
from tests.composition import train_config
from tests.records import complete_record

TARGET = "finetune.targets=[demo_disease]"


composed = cache(train_config)


def job(tmp_path: Path, *overrides: str, seed: int = 1) -> Job:
    folders = {"runs_dir": f"{tmp_path}/runs", "datasets_dir": f"{tmp_path}/data"}
    config = replace(composed(TARGET, *overrides), seed=seed, **folders)
    return Job((), config, tmp_path / "run")


def lines(*jobs: Job, at_once: int | None = None) -> list[str]:
    return [*preflight(jobs, at_once)]


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*args: object) -> socket.socket:
        raise OSError("no network")

    for name in reachable._PROXIES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(socket, "create_connection", refused)
    reachable.reachable.cache_clear()


def test_a_corpus_that_is_not_here_and_cannot_be_fetched(tmp_path: Path, no_network: None) -> None:
    jobs = [job(tmp_path, "finetune.targets=[bc2gm]", seed=seed) for seed in (1, 2)]
    says = lines(*jobs, job(tmp_path))
    assert says[0].startswith(f"can't run (2 of 3): {tmp_path}/data/")
    assert "from where it is fetched, can't be reached; put the files of dataset bc2gm" in says[0]
    assert len(says) == 2


def test_a_corpus_whose_mirror_has_it_is_no_obstacle(tmp_path: Path) -> None:
    mirrored = job(tmp_path, "finetune.targets=[bc2gm]")
    mirrored.config = replace(mirrored.config, datasets_mirror=str(tmp_path))
    assert f"{tmp_path}" in lines(mirrored)[0]
    assert "is not there either" in lines(mirrored)[0]
    dataset = mirrored.config.dataset["bc2gm"]
    for file in dataset.files.values():
        place = tmp_path / dataset.path / file
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()
    assert not lines(mirrored)[0].startswith("can't run")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("package:no_such_package/model", "pip install no-such-package"),
        ("no-one/no-model", "encoder=minilm"),
        ("a/b/c", "encoder=minilm"),
    ],
)
def test_an_encoder_that_cannot_be_loaded(
    name: str, says: str, tmp_path: Path, no_network: None
) -> None:
    one = job(tmp_path)
    one.config = replace(one.config, encoder=replace(one.config.encoder, name=name))
    (found,) = lines(one)
    assert found.startswith("can't run (1 of 1): encoder.name: ")
    assert says in found


def test_a_checkpoint_that_is_not_there(tmp_path: Path) -> None:
    one = job(tmp_path)
    pretrain = replace(one.config.pretrain, checkpoint=str(tmp_path / "none"))
    one.config = replace(one.config, pretrain=pretrain)
    assert "pretrain.checkpoint: " in lines(one)[0]


def test_time_from_like_runs(tmp_path: Path) -> None:
    jobs = [job(tmp_path, seed=seed) for seed in (1, 2, 3, 4)]
    (unknown,) = lines(*jobs)
    assert "is not known" in unknown
    for seed, seconds, overrides in ((7, 60, []), (8, 100, []), (9, 900, ["finetune.epochs=77"])):
        config = job(tmp_path, *overrides, seed=seed).config
        record = complete_record(config)
        record.timing.wall_seconds = seconds
        folder = tmp_path / "runs" / "s" / str(seed)
        folder.mkdir(parents=True)
        write_record(folder, record)
    (known,) = lines(*jobs, at_once=2)
    assert known == (
        "about 0:02:40 for what is left (4 to run): finished runs like these took 0:01:20"
    )
    other = job(tmp_path, "finetune.epochs=3")
    assert lines(*jobs, other, at_once=2)[0].endswith("took 0:01:20; 1 are like none")


def test_what_is_done_is_not_looked_at(tmp_path: Path) -> None:
    done = job(tmp_path, "finetune.targets=[bc2gm]")
    done.state = State.done
    assert lines(done) == []


def test_a_line_holds_what_helps(tmp_path: Path) -> None:
    failed = job(tmp_path)
    failed.fail(f"encoder.name: {'x' * 2000}; pip install it")
    assert failed.error.startswith("encoder.name: x")
    assert failed.error.endswith("; pip install it")
    assert len(failed.error) < 600
    memory = remedy(Failure("OutOfMemoryError", "CUDA out of memory"), tmp_path)
    assert "batch.sentences" in memory
    assert "console.log" in remedy(Failure("RuntimeError", "luck"), tmp_path)


def test_a_disk_that_is_too_small_for_the_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = [job(tmp_path, seed=seed) for seed in (1, 2)]
    (only,) = lines(*jobs)
    assert "disk" not in only  # of a machine that runs these tests
    size = weights_bytes(jobs[0].config.encoder)
    assert size is not None and size > 10**6
    free = SimpleNamespace(free=5 * size - 1)  # two runs' weights, and one checkpoint
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: free)
    says, _ = lines(*jobs)
    assert says.startswith("disk: 2 runs will write about 0.") and f"{tmp_path}/runs" in says
    free.free += 1
    assert len(lines(*jobs)) == 1
    free.free = 8 * size - 1  # as one job more has a checkpoint at a time
    assert len(lines(*jobs, at_once=2)) == 2
