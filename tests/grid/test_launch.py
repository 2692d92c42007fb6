"""Grids whose jobs go wrong, are stopped, or are started twice."""

import json
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from bioner.train.run import train
from tests.composition import train_config
from tests.grid.grids import (
    begun,
    command,
    environment,
    grid,
    heads,
    is_gone,
    pid_of,
    reason,
    records,
    rows,
    states,
)


def test_a_job_that_goes_wrong_does_not_stop_the_others(tmp_path: Path) -> None:
    jobs = heads("raises", "killed", "linear")
    ended = grid(tmp_path, jobs, "hydra.launcher.n_jobs=2")
    assert ended.returncode == 1, ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr
    assert states(ended.stdout) == ["failed", "failed", "done"]
    assert reason(ended.stdout, "raises").startswith("RuntimeError: out of luck, in two lines; ")
    assert reason(ended.stdout, "killed").startswith("killed by SIGKILL")
    for row in rows(ended.stdout):  # what a job printed is in its directory, a crash included
        console = (tmp_path / row.split()[-1] / "console.log").read_text()
        assert ("RuntimeError: out of luck" in console) == ("raises" in row)
        assert ("half a line" in console) == ("killed" in row)
    (done,) = (record for record in records(tmp_path).values() if record["status"] == "complete")
    assert (
        rows(ended.stdout)[2].split()[1]
        == f"{100 * done['scores']['demo_disease']['test']['f1']:.2f}"
    )
    equals_a_run_of_this_process(tmp_path, done)
    shown = grid(tmp_path, jobs, "dry_run=true")
    assert (shown.returncode, states(shown.stdout)) == (0, ["to retry", "to resume", "done"])


def equals_a_run_of_this_process(tmp_path: Path, forked: dict) -> None:
    """Compare all of a record but time; that of a grid's job, which was forked, with another's."""
    given = [word for word in command(tmp_path)[5:] if not word.startswith("hydra")]
    alone = tmp_path / "alone" / forked["run"]
    train(train_config(*given), alone)
    record = json.loads((alone / "record.json").read_text())
    for one in (forked, record):
        for timed in (one, *one["stages"]):
            del timed["timing"]
    assert record == forked


@pytest.mark.slow
def test_a_job_that_hangs_is_stopped(tmp_path: Path) -> None:
    ended = grid(tmp_path, heads("hangs", "linear"), "hydra.launcher.time_limit=0.7")
    assert (ended.returncode, states(ended.stdout)) == (1, ["failed", "done"])
    assert "longer than 42 s" in reason(ended.stdout, "hangs")
    assert is_gone(pid_of(tmp_path / "hangs.pid"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "code", "says"),
    [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "stopped by SIGTERM")],
)
def test_a_stopped_grid_goes_on(
    number: signal.Signals, code: int, says: str, tmp_path: Path
) -> None:
    started = begun(tmp_path, heads("waits", "linear"))
    pid = pid_of(tmp_path / "waits.pid")
    started.send_signal(number)
    printed, _ = started.communicate(timeout=600)
    assert (started.returncode, states(printed)) == (code, ["stopped", "to do"])
    assert printed.rstrip().endswith(f"bioner: {says}")
    assert is_gone(pid)
    again = grid(tmp_path, heads("linear"))
    assert (again.returncode, len(records(tmp_path))) == (0, 1)


@pytest.mark.slow
def test_two_starts_at_once_do_no_job_twice(tmp_path: Path) -> None:
    starts = [begun(tmp_path, "seed=1,2,3") for _ in range(2)]
    for start in starts:
        printed, _ = start.communicate(timeout=600)
        assert start.returncode == 0, printed
        assert [row.split()[0] for row in rows(printed)] == ["done"] * 3
    consoles = list((tmp_path / "runs" / "grid").glob("*/console.log"))
    assert [console.read_text().count("run directory:") for console in consoles] == [1, 1, 1]


@pytest.mark.slow
def test_jobs_of_several_processes(tmp_path: Path) -> None:
    two = ["trainer=ddp", "trainer.devices=2", "batch.sentences=8"]
    ended = grid(tmp_path, *two, heads("linear", "clocks_differ"), "finetune.epochs=2")
    assert ended.returncode == 0, ended.stdout
    assert states(ended.stdout) == ["done", "done"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "says"), [("size=40k", "No space left on device"), ("ro", "Read-only file system")]
)
def test_a_full_or_read_only_disk_fails_the_job_and_not_the_grid(
    options: str, says: str, tmp_path: Path
) -> None:
    mount = f"mount -t tmpfs -o {options} tmpfs small && exec"
    (tmp_path / "small").mkdir()
    alone = ["unshare", "-rm", "sh", "-c"]
    possible = [*alone, f"{mount} true"]
    if (
        shutil.which("unshare") is None
        or subprocess.run(possible, cwd=tmp_path, check=False).returncode
    ):
        pytest.skip("a file system of its own can't be mounted here")
    line = " ".join(f"'{word}'" for word in command(tmp_path, "seed=1,2", "runs_dir=small"))
    ended = subprocess.run(
        [*alone, f"{mount} {line}"],
        cwd=tmp_path,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert ended.returncode == 1, ended.stderr
    for seed in (1, 2):
        assert re.search(f"(?m)^failed: seed={seed}: .*{says}$", ended.stdout)


@pytest.mark.slow
def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ended = grid(tmp_path, "seed=1,2", "runs_dir=file")
    assert (ended.returncode, ended.stderr) == (1, "")
    assert ended.stdout.count("Not a directory") == 4  # when it happens, and at the end


def test_bad_sweeps(tmp_path: Path) -> None:
    targets = "finetune.targets=[demo_disease],[demo_disese]"
    ended = grid(tmp_path, targets, "seed=1,2")
    assert ended.returncode == 2
    assert "wrong jobs: 2 of 4; none is run" in ended.stderr
    for seed in (1, 2):
        assert f"finetune.targets=[demo_disese] seed={seed}: finetune.targets: no" in ended.stderr
    empty = grid(tmp_path, "seed=range(1,1)")
    assert (empty.returncode, "the sweep is empty" in empty.stderr) == (2, True)
    assert not (tmp_path / "runs").exists()


def test_duplicates_and_runs_of_an_older_schema(tmp_path: Path) -> None:
    shown = grid(tmp_path, "seed=1,2,1", "dry_run=true")
    assert "2 jobs: 2 to do; 1 more asked for are the same as one of these" in shown.stdout
    assert not (tmp_path / "runs").exists()
    older = tmp_path / rows(shown.stdout)[0].split()[-1]
    older.mkdir(parents=True)
    (older / "record.json").write_text(json.dumps({"schema": 1, "status": "complete"}))
    shown = grid(tmp_path, "seed=1,2", "dry_run=true")
    assert [row.split("seed")[0].strip() for row in rows(shown.stdout)] == ["failed", "to do"]
    assert "has schema 1; this version of bioner reads" in shown.stdout


def test_a_dry_run_refuses_what_the_run_would(tmp_path: Path) -> None:
    ended = grid(tmp_path, "seed=1,2", "dry_run=true", "hydra.launcher.n_jobs=0")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "hydra.launcher.n_jobs: is 0; a number, at least 1, or null" in ended.stderr


def test_a_dry_run_of_a_single_run(tmp_path: Path) -> None:
    words = [word for word in command(tmp_path, "dry_run=true") if word != "-m"]
    words.insert(1, "-m")  # python -m bioner
    shown = subprocess.run(
        words, cwd=tmp_path, env=environment(tmp_path), capture_output=True, text=True, check=False
    )
    assert (shown.returncode, "1 job: 1 to do" in shown.stdout) == (0, True), shown.stderr
    assert not list(tmp_path.glob("runs/*/*/record.json"))


def test_a_grid_stops_on_its_way_and_goes_on(tmp_path: Path) -> None:
    jobs = ["finetune.epochs=2", "finetune.test=false", "seed=1,2"]
    ended = grid(tmp_path, *jobs, "stop_after=1")
    assert ended.returncode == 0, ended.stdout
    assert states(ended.stdout) == ["on", "on"]  # its way
    assert ended.stdout.count(" after epoch 1, 0:00:") == 2
    assert records(tmp_path) == {}
    shown = grid(tmp_path, *jobs, "dry_run=true")
    assert states(shown.stdout) == ["to resume", "to resume"]
    again = grid(tmp_path, *jobs)
    assert states(again.stdout) == ["done", "done"], again.stdout
    tested = [record["scores"]["demo_disease"]["test"] for record in records(tmp_path).values()]
    assert tested == [None, None]
    consoles = (tmp_path / "runs" / "grid").glob("*/console.log")
    assert all("finetune: goes on from" in console.read_text() for console in consoles)
