"""A packed study: what it leaves out, and that reports and grids take it for the runs."""

import tarfile
from pathlib import Path

import pytest

from bioner.config.report import ReportConfig
from bioner.errors import UserError
from bioner.report.pack import pack
from bioner.report.report import report
from bioner.report.study import read_study
from bioner.runs.record_file import finished
from tests.report.synthetic import Made, write_study

A, B = "demo_disease", "demo_chemical"


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
    assert again.keys() == known.keys() - {"problems.csv"}
    same = [n for n in again if n not in ("runs.csv", "scores.csv")]  # where the failed run stands
    assert "gains.csv" in same and all(again[n] == known[n] for n in same)

    # One more run, with words, goes with those without.
    write_study(other, [Made(A, seed=5)])
    tables = made(other, words=True)
    assert ',"1,2,3,5",' in tables["scores.csv"]
    assert (
        tables["problems.csv"].count("holds no words") == 6 and "w0." in tables["error_words.csv"]
    )


def test_a_place_that_can_not_be_written(tmp_path: Path) -> None:
    folder = write_study(tmp_path / "study", [Made(A)])
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"pack: .*can't be written"):
        pack(read_study(folder)[0], tmp_path / "file" / "x.tar.xz")
