"""The cosines of gradients, as the report shows them."""

import json
from pathlib import Path

import pandas as pd
import pytest

from bioner.config.report import ReportConfig
from bioner.report.report import report
from tests.report.synthetic import Made, write_run

A, B = "demo_disease", "demo_chemical"


def test_a_table_of_pairs_and_parts(tmp_path: Path) -> None:
    for seed, cosine in ((1, 0.25), (2, -0.5)):
        file = write_run(tmp_path / "study", Made(A, seed=seed)) / "record.json"
        record = json.loads(file.read_text())
        pair = {A: {B: cosine}}
        record["stages"][-1]["conflict"] = {
            "every": 10,
            "looks": 4,
            "overall": pair,
            "parts": {"layer 1": {A: {B: 2 * cosine}}},
        }
        file.write_text(json.dumps(record))
    given = ReportConfig(study="study", runs_dir=str(tmp_path), samples=100)
    folder = report(given, "bioner report study=study")
    table = pd.read_csv(folder / "tables" / "conflict.csv").set_index("part")
    assert table.cosine.to_dict() == {"all shared weights": -0.125, "layer 1": -0.25}
    assert table.loc["layer 1", ["first", "second", "n", "looks"]].tolist() == [A, B, 2, 8]
    assert table.loc["layer 1", "std"] == pytest.approx(2 * 0.75 / 2**0.5)
    assert "−0.125 ± 0.530" in (folder / "report.md").read_text()
