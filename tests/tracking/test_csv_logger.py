"""The file of a run that was stopped goes on as if nothing had been."""

import csv
from pathlib import Path

import pytest
import torch

from bioner.tracking.csv_logger import CsvRunLogger

STAGES = ["pretrain", "finetune"]
Point = tuple[str, int | None, dict[str, float]]
POINTS: list[Point] = [
    ("pretrain", 2, {"loss": 3.0}),
    ("pretrain", 4, {"loss": 2.5}),
    ("pretrain", 4, {"devel": 0.1, "epoch": 0}),
    ("finetune", 2, {"loss": 2.0}),
    ("finetune", 4, {"loss": 1.5, "rate": 0.5}),
    ("finetune", 4, {"devel": 0.25, "epoch": 0}),
    ("finetune", 6, {"loss": 1.0}),
    ("finetune", None, {"test/f1": 0.5}),
]


def log(folder: Path, points: list[Point], continues: bool = True) -> None:
    logger = CsvRunLogger(folder, STAGES, continues)
    for stage, step, metrics in points:
        logger.stage = stage
        logger.log_metrics(metrics, step)


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "csv" / "metrics.csv").open(newline="") as file:
        return [{k: v for k, v in row.items() if v} for row in csv.DictReader(file)]


WHOLE = [
    {"stage": stage, "step": str(6 if step is None else step)}
    | {key: str(value) for key, value in metrics.items()}
    for stage, step, metrics in POINTS
]


def test_every_point_is_a_row(tmp_path: Path) -> None:
    log(tmp_path, POINTS)
    assert rows(tmp_path) == WHOLE
    logger = CsvRunLogger(tmp_path, STAGES, continues=False)
    logger.log_metrics({"loss": torch.tensor(0.5)}, 1)
    assert rows(tmp_path) == [{"stage": "finetune", "step": "1", "loss": "0.5"}]


@pytest.mark.parametrize("stopped", range(len(POINTS) + 1))
def test_a_run_that_goes_on_keeps_its_rows(stopped: int, tmp_path: Path) -> None:
    """Whatever was logged after the checkpoint is logged once more, and stands there once."""
    for checkpoint in range(stopped + 1):
        folder = tmp_path / str(checkpoint)
        folder.mkdir()
        log(folder, POINTS[:stopped])
        log(folder, POINTS[checkpoint:])
        assert rows(folder) == WHOLE


@pytest.mark.parametrize("cut", range(1, 12))
def test_a_row_that_was_cut_off_is_none(cut: int, tmp_path: Path) -> None:
    log(tmp_path, POINTS[:7])
    file = tmp_path / "csv" / "metrics.csv"
    file.write_bytes(file.read_bytes()[:-cut])
    log(tmp_path, POINTS[6:])
    assert rows(tmp_path) == WHOLE
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize("header", ["epoch,loss,step\n0,1.5,2\n", "stage,step\nother,1\n", "", "x"])
def test_a_file_of_another_kind_is_written_anew(header: str, tmp_path: Path) -> None:
    (tmp_path / "csv").mkdir()
    (tmp_path / "csv" / "metrics.csv").write_text(header)
    log(tmp_path, POINTS)
    assert rows(tmp_path) == WHOLE
