"""A packed study: what it leaves out, and that reports and grids take it for the runs."""

import io
import json
import shutil
import tarfile
from pathlib import Path

import pandas as pd
import pytest

from bioner.config.report import ReportConfig
from bioner.errors import UserError
from bioner.report.pack import pack
from bioner.report.report import report
from bioner.report.study import read_study
from bioner.runs.record_file import finished
from tests.report.synthetic import Made, write_study

A, B, C = "demo_disease", "demo_chemical", "demo_unrelated"


def made(folder: Path, **config: object) -> dict[str, str]:
    given = ReportConfig(study=folder.name, runs_dir=str(folder.parent), samples=200, **config)  # type: ignore[arg-type]
    tables = report(given, "bioner report") / "tables"
    return {file.name: file.read_text() for file in tables.glob("*.csv")}


def test_a_packed_study_gives_the_same_tables(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = [Made(A, seed=s) for s in (1, 2, 3)]
    runs += [Made(A, "transfer", [B], seed=s, skill=0.9) for s in (1, 2, 3)]
    folder = write_study(tmp_path / "study", [*runs, Made(A, seed=4, status="failed")])
    typed = folder / runs[0].name / ".hydra" / "overrides.yaml"
    typed.write_text(
        "- seed=1\n- runs_dir=/secret\n- hydra.launcher.n_jobs=2\n- +dataset.x.path=y\n"
    )
    marked = folder / runs[0].name / "predictions" / f"{A}.test.tsv"
    marked.write_text(f"# document 1\n{marked.read_text()}")
    file = tmp_path / "shared" / "runs.tar.xz"
    known = made(folder, pack=str(file))
    assert "packed 6 complete runs" in capsys.readouterr().out
    first = file.read_bytes()
    assert pack(read_study(folder)[0], file) == 6
    assert file.read_bytes() == first

    other = tmp_path / "elsewhere" / "study"
    with tarfile.open(file) as packed:
        packed.extractall(other, filter="data")
    assert all(finished(other / run.name) for run in runs)
    texts = [path.read_text() for path in other.rglob("*") if path.is_file()]
    assert not any("w0." in text or "secret" in text or "n_jobs" in text for text in texts)
    assert (other / runs[0].name / ".hydra" / "overrides.yaml").read_text() == (
        "- seed=1\n- +dataset.x.path=y\n"
    )
    again = made(other)
    assert again.keys() == known.keys()
    places = ("runs.csv", "problems.csv")  # where the failed run stands by its name alone
    same = [n for n in again if n not in places]
    assert "gains.csv" in same and all(again[n] == known[n] for n in same)
    assert "out of luck" in again["problems.csv"]

    # One more run, with words, goes with those without.
    write_study(other, [Made(A, seed=5)])
    tables = made(other, words=True)
    assert ',"1,2,3,5",' in tables["scores.csv"]
    assert (
        tables["problems.csv"].count("holds no words") == 6 and "w0." in tables["error_words.csv"]
    )


def test_a_part_of_a_packed_study_knows_the_whole(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = [Made(A, seed=s) for s in (1, 2, 3)]
    kept += [Made(A, "transfer", [B], seed=s, skill=0.8) for s in (1, 2, 3)]
    rest = [Made(t, seed=s) for t in (B, C) for s in (1, 2, 3)]
    rest += [Made(B, "transfer", [x], seed=s, skill=0.8) for x in (A, C) for s in (1, 2, 3)]
    rest += [Made(C, "transfer", [A], seed=s, skill=0.8) for s in (1, 2)]
    failed = [Made(C, "transfer", [A], seed=3, status="failed")]
    folder = write_study(tmp_path / "study", [*kept, *rest, *failed])
    file = tmp_path / "runs.tar.xz"
    whole = pd.read_csv(io.StringIO(made(folder, pack=str(file))["gains.csv"]))
    other = tmp_path / "elsewhere" / "study"
    with tarfile.open(file) as packed:
        packed.extractall(other, filter="data")
    asked = json.loads((other / "asked.json").read_text())
    assert asked["tests"] == {"single": 4, "transfer": 0, "mtl": 0}
    assert {one["run"] for one in asked["runs"]} == {run.name for run in [*kept, *rest, *failed]}
    for run in rest:
        shutil.rmtree(other / run.name)
    capsys.readouterr()

    tables = {n.removesuffix(".csv"): pd.read_csv(io.StringIO(t)) for n, t in made(other).items()}
    shown, page = capsys.readouterr().out, (other / "report" / "report.html").read_text()
    assert "6 complete" in shown and "1 failed" in shown and "14 left out" in shown
    assert f"{len(rest)} complete runs that it asked for are not here" in page
    assert f"(targets {C}, {B})" in page or f"(targets {B}, {C})" in page
    assert "Corrected over 4 comparisons, of which 1 are here" in page
    left = tables["left_out"]
    assert sorted(zip(left.regime, left.target, left.seeds, strict=True)) == [
        ("single", B, "1,2,3"),
        ("single", C, "1,2,3"),
        ("transfer", B, "1,2,3"),
        ("transfer", B, "1,2,3"),
        ("transfer", C, "1,2"),
    ]
    missing = tables["scores"][tables["scores"].n == 0]
    assert set(missing.target) == {B, C} and len(missing) == 5
    row, all_of_it = tables["gains"].iloc[0], whole[whole.target == A].iloc[0]
    assert (row.gain, row.p) == (all_of_it.gain, all_of_it.p)
    assert row.p_holm == pytest.approx(min(1, 4 * row.p))
    assert row.p_holm >= all_of_it.p_holm

    # To pack what is here takes along what the study asked for.
    made(other, pack=str(tmp_path / "again.tar.xz"))
    with tarfile.open(tmp_path / "again.tar.xz") as packed:
        stored = packed.extractfile("asked.json")
        assert stored is not None
        again = json.load(stored)
    assert again["tests"] == asked["tests"] and len(again["runs"]) == len(asked["runs"])


def test_a_damaged_list_of_what_was_asked_for(tmp_path: Path) -> None:
    folder = write_study(tmp_path / "study", [Made(A)])
    (folder / "asked.json").write_text('{"tests": {}}')
    with pytest.raises(UserError, match=r"asked\.json: damaged: runs is missing"):
        made(folder)


def test_a_place_that_can_not_be_written(tmp_path: Path) -> None:
    folder = write_study(tmp_path / "study", [Made(A)])
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"pack: .*can't be written"):
        pack(read_study(folder)[0], tmp_path / "file" / "x.tar.xz")
