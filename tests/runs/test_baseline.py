"""The gain is told where the study holds the single run with the same budget, and nowhere else."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bioner.runs.baseline import gains
from bioner.runs.record import Record
from bioner.runs.record_file import write_record
from tests.composition import train_config
from tests.records import complete_record

MTL = ["finetune=mtl", "finetune.auxiliaries=[demo_chemical]"]


def record(f1: float, *overrides: str, **changed: Any) -> Record:
    config = train_config("finetune.targets=[demo_disease]", *overrides)
    return replace(complete_record(config, f1), **changed)


def write(study: Path, name: str, one: Record) -> None:
    (study / name).mkdir()
    write_record(study / name, one)


def test_gain(tmp_path: Path) -> None:
    write(tmp_path, "single-a", record(0.5))
    write(tmp_path, "single-b", record(0.1, "seed=2"))
    (tmp_path / "single-c").mkdir()
    (tmp_path / "single-c" / "record.json").write_text("{")
    assert gains(record(0.75, *MTL), tmp_path) == {"demo_disease": 0.25}
    older = record(0.75, *MTL)
    del older.config["encoder"]["compile"]  # a key that it had not, and that is null here
    assert gains(older, tmp_path) == {"demo_disease": 0.25}
    assert gains(record(0.75, *MTL, precision="bf16-mixed"), tmp_path) == {}
    assert gains(record(0.5), tmp_path) == {}  # a single run is no gain over itself


def test_no_gain_over_other_files_behind_the_encoders_name(tmp_path: Path) -> None:
    write(tmp_path, "single-a", record(0.5, encoder_sha256="a"))
    for noted, gain in (("a", {"demo_disease": 0.25}), ("b", {}), (None, {"demo_disease": 0.25})):
        assert gains(record(0.75, *MTL, encoder_sha256=noted), tmp_path) == gain


@pytest.mark.parametrize(
    "other",
    [
        "seed=2",
        "finetune.train_size=0.5",
        "finetune.epochs=3",
        "optimizer.lr=1",
        "head=crf",
        "subset_unit=documents",
    ],
)
def test_no_gain_over_another_budget_or_model(other: str, tmp_path: Path) -> None:
    write(tmp_path, "single-a", record(0.5, other))
    assert gains(record(0.75, *MTL), tmp_path) == {}


@pytest.mark.parametrize("other", [{"schema": 999}, {"semantics": 1}, {"status": "failed"}])
def test_no_gain_over_a_record_that_does_not_compare(other: dict, tmp_path: Path) -> None:
    write(tmp_path, "single-a", record(0.5, **other))
    assert gains(record(0.75, *MTL), tmp_path) == {}
