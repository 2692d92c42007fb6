"""Records of before: read, shown alone, and never averaged with those of today."""

import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from bioner.config.report import ReportConfig
from bioner.report.report import report
from bioner.runs.record import SEMANTICS
from bioner.runs.record_file import read_record, write_record

OLD = Path(__file__).parents[1] / "runs" / "record_of_schema_4.json"


def old_run(folder: Path, name: str) -> Path:
    place = folder / name
    place.mkdir(parents=True)
    shutil.copy(OLD, place / "record.json")
    return place


def tables_of(tmp_path: Path) -> dict[str, pd.DataFrame]:
    given = ReportConfig(study="study", runs_dir=str(tmp_path), samples=200)
    tables = report(given, "bioner report") / "tables"
    return {file.stem: pd.read_csv(file) for file in tables.glob("*.csv")}


def test_a_record_of_schema_4_alone_is_shown(tmp_path: Path) -> None:
    place = old_run(tmp_path / "study", "old")
    row = tables_of(tmp_path)["scores"].query("n > 0").iloc[0]
    record = read_record(place)
    assert (row.regime, row.target, row.n) == (record.regime, "linnaeus", 1)
    assert row.f1 == record.scores["linnaeus"].test.f1


@pytest.mark.parametrize("olds", [1, 3], ids=["as many", "more old ones"])
def test_old_records_are_never_averaged_with_new_ones(
    olds: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = old_run(tmp_path / "study", "old0")
    old = read_record(place)
    assert old.semantics < SEMANTICS
    for seed in range(olds):
        other = tmp_path / "study" / f"old{seed}"
        other.mkdir(exist_ok=True)
        write_record(other, replace(old, run=other.name, seed=10 + seed))
    (tmp_path / "study" / "new").mkdir()
    write_record(tmp_path / "study" / "new", replace(old, run="new", semantics=SEMANTICS))
    tables = tables_of(tmp_path)
    row = tables["scores"].query("n > 0").iloc[0]
    assert (row.n, row.seeds) == (1, old.seed)
    shown = capsys.readouterr().out
    assert "1 complete" in shown and f"{olds} incompatible" in shown
    assert f"old0  incompatible: semantics is {old.semantics}" in shown
    states = tables["runs"].set_index("run").state
    assert states["new"] == "complete" and states["old0"] == "incompatible"
