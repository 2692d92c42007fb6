"""Cross-validation from a corpus of one file to its report, as `bioner datasets new` offers it."""

import json
import shlex
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

from bioner.report.prediction_arrays import read_predictions
from tests.grid.grids import environment

pytestmark = pytest.mark.slow

SMALL = ["encoder=tiny", "logger=none", "trainer.accelerator=cpu", "finetune.epochs=1"]
PLACES = ["cache_dir=cache", "datasets_dir=data"]
SOURCE = [
    "pretrain=sources",
    "pretrain.sources=demo_chemical",
    "pretrain.epochs=1",
    "pretrain.train_size=16",
    "pretrain.devel_size=8",
]
DOCUMENTS = 12


def bioner(folder: Path, *words: str) -> str:
    command = [sys.executable, "-m", "bioner", *words]
    ended = subprocess.run(
        command, cwd=folder, env=environment(folder), capture_output=True, text=True, timeout=900
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
def studied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which both regimes were run in each of three folds, with `--config-dir`."""
    folder = tmp_path_factory.mktemp("folds")
    sentence = "The\tO\nfever{0}\tB-Disease\nof\tO\nday\tO\nended\tO\n\n"
    text = "".join(f"-DOCSTART- (d{d})\n\n" + sentence.format(d) * 2 for d in range(DOCUMENTS))
    (folder / "cases 2026.conll").write_text(text)
    said = bioner(folder, "datasets", "new", "cases 2026.conll", "output=my conf")
    hint = shlex.split(said.splitlines()[-1].partition(": ")[2])
    assert hint[:3] == ["bioner", "train", "-m"] and hint[-2:] == [
        "dataset.cases_2026.folds=5",
        "fold=1,2,3,4,5",
    ]
    grid = [*hint[1:-2], "dataset.cases_2026.folds=3", "fold=1,2,3", "study=cv", *SMALL, *PLACES]
    bioner(folder, *grid)
    bioner(folder, *grid, *SOURCE)
    bioner(folder, "report", "study=cv")
    return folder


def test_each_document_is_tested_once_by_each_regime(studied: Path) -> None:
    places = sorted((studied / "runs" / "cv").glob("*/record.json"))
    records = [json.loads(place.read_text()) for place in places]
    assert [one["regime"] for one in records] == ["single"] * 3 + ["transfer"] * 3
    assert [one["config"]["fold"] for one in records] == [1, 2, 3] * 2
    for record in records:
        use = record["datasets"]["cases_2026"]
        assert (use["folds"], use["fold"]) == (3, record["config"]["fold"])
        assert sum(use["sentences"].values()) == 2 * DOCUMENTS
    for regime in ("single", "transfer"):
        files = [
            place.parent / "predictions" / "cases_2026.test.tsv"
            for place, record in zip(places, records, strict=True)
            if record["regime"] == regime
        ]
        words = Counter(word for file in files for word in read_predictions(file).words)
        assert [words[f"fever{d}"] for d in range(DOCUMENTS)] == [2] * DOCUMENTS


def test_the_pretraining_is_one_for_all_folds(studied: Path) -> None:
    records = [
        json.loads(place.read_text())
        for place in (studied / "runs" / "cv").glob("transfer-*/record.json")
    ]
    stages = [one["stages"][0] for one in records]
    assert len({stage["key"] for stage in stages}) == 1
    assert sorted(stage["reused"] for stage in stages) == [False, True, True]


def test_a_run_is_evaluated_on_its_own_fold(studied: Path) -> None:
    run = next((studied / "runs" / "cv").glob("single-*-fold2-*"))
    folds = ["dataset.cases_2026.folds=3", "dataset.cases_2026.test_share=null"]
    words = [f"run={run}", "datasets=[cases_2026]", "--config-dir", "my conf", *folds]
    said = bioner(studied, "evaluate", *words, "datasets_dir=data")
    assert "cases_2026" in said
    record = json.loads((run / "record.json").read_text())
    cell = record["cross"]["cases_2026"]["cases_2026"]["test"]
    assert cell["strict"]["f1"] == pytest.approx(record["scores"]["cases_2026"]["test"]["f1"])
    bioner(studied, "evaluate", *words, "fold=1", "datasets_dir=data")
    other = json.loads((run / "record.json").read_text())["cross"]["cases_2026"]["cases_2026"]
    assert other["test"]["leakage"]["trained_on"] > cell["leakage"]["trained_on"]


def test_the_report_averages_and_pairs_by_fold(studied: Path) -> None:
    tables = studied / "runs" / "cv" / "report" / "tables"
    scores = pd.read_csv(tables / "scores.csv", comment="#")
    assert scores.n.tolist() == [3, 3] and {*scores.seeds} == {"1 in folds 1,2,3"}
    gains = pd.read_csv(tables / "gains.csv", comment="#")
    assert gains.n.tolist() == [3] and not gains.low.isna().any()
    page = (tables.parent / "report.md").read_text()
    assert "Targets in folds: cases_2026 (3)." in page and "0 incompatible" in page
