"""Grids with a folder of one's own, with a corpus of the command line, however a job is started."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.grid import slurm_stand_in
from tests.grid.grids import environment, rows, states

SMALL = [
    "encoder=tiny",
    "logger=none",
    "trainer.accelerator=cpu",
    "finetune.epochs=1",
    "cache_dir=cache",
]

EXPERIMENT = """\
# @package _global_
finetune:
  targets: [mine]
hydra:
  sweeper:
    params:
      seed: 1,2
"""


def needs(module: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(find_spec(module) is None, reason=f"{module} is not installed")


WAYS = [
    pytest.param([], id="processes"),
    pytest.param(["trainer=ddp", "trainer.devices=2"], id="ddp", marks=pytest.mark.slow),
    pytest.param(
        ["hydra/launcher=slurm", "hydra.launcher.cluster=local"],
        id="submitit",
        marks=[pytest.mark.slow, needs("submitit")],
    ),
    pytest.param(
        ["hydra/launcher=slurm", "hydra.launcher.cpus=1"],
        id="slurm",
        marks=[pytest.mark.slow, needs("submitit")],
    ),
    pytest.param(["hydra/launcher=ray"], id="ray", marks=[pytest.mark.slow, needs("ray")]),
    pytest.param(
        ["hydra/sweeper=optuna", "hydra.sweeper.n_trials=1"],
        id="optuna",
        marks=[pytest.mark.slow, needs("optuna")],
    ),
]


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to start from, beside `corpus` and the folder of configs `my conf`."""
    for name, value in slurm_stand_in.install(tmp_path / "slurm").items():
        monkeypatch.setenv(name, value)
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for split in ("train", "devel", "test"):
        sentences = f"The\tO\n{split}BRCA1\tB-Gene\ngene\tO\n\nNo\tO\none\tO\n\n"
        (corpus / f"{split}.tsv").write_text(sentences * 4)
    for group, name, text in (
        ("dataset", "mine", f"path: {corpus}\ntypes: [Gene]\n"),
        ("experiment", "own", EXPERIMENT),
    ):
        (tmp_path / "my conf" / group).mkdir(parents=True)
        (tmp_path / "my conf" / group / f"{name}.yaml").write_text(text)
    (tmp_path / "elsewhere").mkdir()
    return tmp_path / "elsewhere"


def train(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bioner", "train", *words],
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


def records(folder: Path) -> list[Path]:
    return list(folder.glob("runs/*/*/record.json"))


@pytest.mark.parametrize("way", WAYS)
def test_a_folder_of_ones_own(way: list[str], elsewhere: Path) -> None:
    seed = "1,2" if "optuna" in str(way) else "2"  # a search needs something to search
    ended = train(
        elsewhere,
        *SMALL,
        *way,
        "-m",
        "finetune.targets=mine",
        "--config-dir",
        "../my conf",
        f"seed={seed}",
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert len(records(elsewhere)) == 1


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_a_corpus_of_the_command_line(way: list[str], elsewhere: Path) -> None:
    mine = ["+dataset.his.path=corpus", "+dataset.his.types=[Gene]", "finetune.targets=his"]
    ended = train(elsewhere, "-m", *mine, *SMALL, *way, "seed=1,2", "datasets_dir=..")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert len(records(elsewhere)) == (1 if "optuna" in str(way) else 2)


@pytest.mark.slow
def test_an_experiment_of_ones_own(elsewhere: Path) -> None:
    ended = train(elsewhere, "experiment=own", "--config-dir", "../my conf", "-m", *SMALL)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert states(ended.stdout) == ["done", "done"]
    assert len(rows(ended.stdout)) == 2


def test_a_fault_in_a_file_of_ones_own_names_the_file(elsewhere: Path) -> None:
    file = elsewhere.parent / "my conf" / "experiment" / "own.yaml"
    file.write_text("# @package _global_\nfinetune: {tagets: [mine]}\n")
    ended = train(elsewhere, "-m", "--config-dir", "../my conf", "seed=1,2", "experiment=own")
    assert ended.returncode == 2
    assert "../my conf/experiment/own.yaml: finetune.tagets: no such key" in ended.stderr
