"""Heads on other corpora, as the report shows them."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from bioner.config.report import ReportConfig
from bioner.report.report import report
from tests.report.synthetic import Made, write_run

A, B = "demo_disease", "demo_disease_related"


def cell(f1: float, trained_on: int | None, sha256: str = "x") -> dict[str, Any]:
    """Return what `bioner evaluate` writes of a split."""
    scores = {"precision": f1, "recall": f1, "f1": f1}
    return {
        "types": {"Disease": "Disease"},
        "strict": {**scores, "support": 50, "predicted": 50, "correct": 1, "by_type": {}},
        "partial": {"partial": scores, "overlap": {**scores, "f1": 0.9}},
        "leakage": None if trained_on is None else {"sentences": 200, "trained_on": trained_on},
        "sha256": sha256,
    }


def evaluated(folder: Path, made: Made, **splits: dict[str, Any]) -> None:
    """Write a run whose head was scored on datasets."""
    file = write_run(folder, made) / "record.json"
    record = json.loads(file.read_text())
    file.write_text(json.dumps(record | {"cross": {made.target: splits}}))


def reported(tmp_path: Path) -> Path:
    given = ReportConfig(study="study", runs_dir=str(tmp_path), samples=100)
    return report(given, "bioner report study=study")


def test_a_matrix_of_heads_and_datasets(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study = tmp_path / "study"
    evaluated(study, Made(A, seed=1), **{A: {"test": cell(0.8, 0)}, B: {"test": cell(0.5, 3)}})
    evaluated(study, Made(A, seed=2), **{A: {"test": cell(0.7, 0)}, B: {"test": cell(0.6, 5)}})
    evaluated(study, Made(A, seed=3), **{B: {"test": cell(0.1, 0, sha256="another file")}})
    evaluated(study, Made(B), **{A: {"test": cell(0.4, None), "devel": cell(0.3, 200)}})
    folder = reported(tmp_path)
    wide = pd.read_csv(folder / "tables" / "cross_test.csv").set_index("target")
    assert wide[A].to_dict() == pytest.approx({A: 0.75, B: 0.4})
    assert wide.loc[A, B] == pytest.approx(0.55)  # not of another file of that name
    assert pd.isna(wide.loc[B, B])
    assert wide.loc[A, f"{B} trained on"] == 5 / 200
    long = pd.read_csv(folder / "tables" / "cross.csv").set_index(["target", "dataset", "split"])
    assert long.loc[(A, B, "test"), ["n", "overlap_f1"]].tolist() == [2, 0.9]
    page, words = ((folder / f"report.{kind}").read_text() for kind in ("html", "md"))
    for said in ("75.00 (0.0%)", "55.00 (2.5%)", "40.00 (not known)", "30.00 (100.0%)"):
        assert said in page and said in words
    assert "evaluated with other content or types" in capsys.readouterr().out


def test_a_study_that_was_not_evaluated_has_no_such_section(tmp_path: Path) -> None:
    write_run(tmp_path / "study", Made(A))
    folder = reported(tmp_path)
    assert not list((folder / "tables").glob("cross*"))
    assert "On other corpora" not in (folder / "report.md").read_text()
