"""Runs that the tests of bioner.predict share: trained once a session, on the demo datasets."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from bioner.config.identity import run_name
from bioner.predict.annotator import Annotator
from bioner.train.run import train
from tests.composition import train_config


@dataclass(frozen=True)
class Runs:
    """Three runs and where their datasets are.

    `linear` has two heads of one type, which learnt something; `crf` has one, which did not; so has
    `half`, trained in bfloat16, the others in float32.
    """

    linear: Path
    crf: Path
    half: Path
    datasets: Path


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    folder = tmp_path_factory.mktemp("predict")

    def trained(*overrides: str, precision: str = "32-true") -> Path:
        config = train_config(
            "encoder=tiny",
            "logger=none",
            "trainer.accelerator=cpu",
            "batch.sentences=16",
            "optimizer.lr=5e-3",
            f"trainer.precision={precision}",
            f"runs_dir={folder}/runs",
            f"datasets_dir={folder}/datasets",
            f"cache_dir={folder}/cache",
            *overrides,
        )
        directory = folder / "runs" / "default" / run_name(config)
        directory.mkdir(parents=True)
        train(config, directory)
        return directory

    linear = trained(
        "finetune=mtl",
        "finetune.targets=[demo_disease,demo_disease_related]",
        "finetune.train_size=160",
        "finetune.epochs=10",
    )
    crf = trained("head=crf", "finetune.targets=[demo_disease]", "finetune.epochs=2")
    half = trained("finetune.targets=[demo_disease]", "finetune.epochs=1", precision="bf16-mixed")
    return Runs(linear, crf, half, folder / "datasets")


@pytest.fixture(scope="session")
def annotator(runs: Runs) -> Annotator:
    return Annotator(runs.linear, device="cpu")


@pytest.fixture
def copied(runs: Runs, tmp_path: Path) -> Path:
    """A copy of the CRF run that a test may damage."""
    return Path(shutil.copytree(runs.crf, tmp_path / "run"))
