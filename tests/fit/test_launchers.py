"""A search through the launchers of clusters, as one types it: Slurm's stand-in, and Ray."""

import json
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from tests.grid import slurm_stand_in
from tests.grid.grids import environment

pytestmark = pytest.mark.slow

SEARCH = [
    "target=demo_disease",
    "sources=[demo_disease_related]",
    "encoder=tiny",
    "trainer.accelerator=cpu",
    "finetune.train_size=32",
    "finetune.devel_size=40",
    "finetune.epochs=2",
    "pretrain.devel_size=8",
    "seeds=1",
    "budget.runs=4",
    "curve=false",
    "datasets_dir=data",
    "cache_dir=cache",
]


def search(folder: Path, *launcher: str) -> None:
    """Run a search, and look at what it leaves; started again, it trains nothing."""
    command = [sys.executable, "-m", "bioner", "fit", *SEARCH, *launcher]
    left: list[dict[str, object]] = []
    for _ in range(2):
        ended = subprocess.run(
            command,
            cwd=folder,
            env=environment(folder),
            capture_output=True,
            text=True,
            timeout=1800,
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        assert "rung 2 of 2" in ended.stdout
        found = json.loads((folder / "runs" / "fit" / "demo_disease" / "fit.json").read_text())
        assert not [one for one in found["tried"] if one["failed"]]
        assert len(found["tried"]) >= 2 and found["test_f1"]["1"] is not None
        files = (folder / "runs" / "fit_demo_disease").glob("*/record.json")
        found["records"] = {str(file): file.stat().st_mtime_ns for file in files}
        left.append(found)
    assert left[0] == left[1]


def test_a_search_on_slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("submitit")
    jobs = tmp_path / "slurm"
    for name, value in slurm_stand_in.install(jobs).items():
        monkeypatch.setenv(name, value)
    search(tmp_path, "hydra/launcher=slurm", "hydra.launcher.cpus=1")
    # Both rungs and what is scored on test went through the queue.
    assert len(list(jobs.glob("*/script"))) >= 3


def test_a_search_on_ray(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ray")
    monkeypatch.setenv("RAY_AUTH_TOKEN", secrets.token_hex(32))
    monkeypatch.delenv("RAY_AUTH_MODE", raising=False)
    search(tmp_path, "hydra/launcher=ray")
