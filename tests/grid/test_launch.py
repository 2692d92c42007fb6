"""Grids whose jobs go wrong."""

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.grid.grids import command, environment, grid, records, rows

LINEAR = "bioner.model.heads.LinearHead"


def heads(*names: str) -> str:
    return "head._target_=" + ",".join(LINEAR if n == "linear" else f"saboteur.{n}" for n in names)


def test_a_job_that_goes_wrong_does_not_stop_the_others(tmp_path: Path) -> None:
    wrong = ["raises", "killed", "hangs"]
    ended = grid(tmp_path, heads(*wrong, "linear"), "hydra.launcher.n_jobs=2",
                 "hydra.launcher.time_limit=0.4")  # fmt: skip
    assert ended.returncode == 1, ended.stderr
    assert [row.split()[0] for row in rows(ended.stdout)] == ["failed"] * 3 + ["done"]
    for job, why in zip(wrong, ["RuntimeError: out of luck, in two lines", "SIGKILL", "24 s"],
                        strict=True):  # fmt: skip
        (line,) = [x for x in ended.stdout.splitlines()
                   if x.startswith(f"failed: head._target_=saboteur.{job}:")]  # fmt: skip
        assert why in line
    assert "Traceback" not in ended.stdout + ended.stderr
    # A job's console is in its directory, a crash included.
    for row in rows(ended.stdout):
        console = (tmp_path / row.split()[-1] / "console.log").read_text()
        assert ("RuntimeError: out of luck" in console) == ("raises" in row)
        assert ("half a line" in console) == ("killed" in row)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "hangs.pid").read_text()), 0)
    (done,) = (record for record in records(tmp_path).values() if record["status"] == "complete")
    assert rows(ended.stdout)[3].split()[1] == f"{done['scores']['demo_disease']['test']['f1']:.4f}"
    shown = grid(tmp_path, heads(*wrong, "linear"), "dry_run=true")
    states = [row.split("head._target_")[0].split() for row in rows(shown.stdout)]
    assert [" ".join(s[:2]) for s in states[:3]] == ["to retry", "to resume", "to resume"]
    assert (states[3][0], shown.returncode) == ("done", 0)
