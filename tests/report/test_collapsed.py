"""Runs that collapsed or diverged: counted, named, and told apart in means and gains."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bioner.config.report import ReportConfig
from bioner.report.report import report
from tests.report.synthetic import Made, write_study

A, B = "demo_disease", "demo_chemical"


def made(tmp_path: Path, runs: list[Made]) -> tuple[dict[str, pd.DataFrame], str]:
    write_study(tmp_path / "study", runs)
    given = ReportConfig(study="study", runs_dir=str(tmp_path), samples=400)
    folder = report(given, "bioner report study=study")
    tables = {file.stem: pd.read_csv(file) for file in (folder / "tables").glob("*.csv")}
    return tables, (folder / "report.html").read_text()


def test_collapsed_runs_are_named_and_scores_and_gains_stand_without_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lost = Made(A, seed=2, skill=0.05, collapsed=True)
    runs = [Made(A), lost, Made(A, seed=3), Made(A, seed=4)]
    runs += [Made(A, "transfer", [B], seed=s, skill=0.8) for s in (1, 2, 3, 4)]
    runs += [Made(B), Made(B, "transfer", [A], skill=0.8)]
    tables, page = made(tmp_path, runs)
    shown = capsys.readouterr().out
    assert "10 complete, 1 collapsed" in shown and "<b>1</b> collapsed" in page
    assert f"{lost.name}  collapsed: {A}: no devel mention was found" in shown
    assert tables["collapsed"].run.tolist() == [lost.name]
    scores = tables["scores"].query("regime == 'single' and target == @A").iloc[0]
    seen = tables["runs"].query("regime == 'single' and target == @A")
    assert (scores.n, scores.collapsed) == (4, 1)
    assert scores.f1 == pytest.approx(seen.f1.mean())
    assert scores.f1_without == pytest.approx(seen[seen.state != "collapsed"].f1.mean())
    assert scores.f1_without > scores.f1 and scores.std_without < scores["std"]
    pairs = tables["gains"].set_index("target")
    assert (pairs.n[A], pairs.n_without[A], pairs.collapsed[A]) == (4, 3, 1)
    assert pairs.gain[A] > pairs.gain_without[A] + 0.1 > 0.1
    assert pairs.high_without[A] < pairs.high[A]
    # A cell without any says the same twice, and is in no table of them.
    assert (pairs.gain[B], pairs.collapsed[B]) == (pairs.gain_without[B], 0)
    assert tables["collapsed_gains"].target.tolist() == [A]
    assert tables["collapsed_scores"].target.tolist() == [A]
    summary = tables["summary"].iloc[0]
    assert summary.gain_without == pytest.approx(pairs.gain_without.mean())
    assert "Collapsed runs" in page and "flatters" in page


def test_a_study_without_any_has_no_such_section(tmp_path: Path) -> None:
    tables, page = made(tmp_path, [Made(A), Made(A, "transfer", [B])])
    assert "collapsed" not in tables and "Collapsed runs" not in page
    assert 'class="collapsed none"' in page


def test_where_all_collapsed_nothing_is_left_without_them(tmp_path: Path) -> None:
    runs = [Made(A, seed=s, skill=0.0, collapsed=True) for s in (1, 2, 3)]
    runs += [Made(A, "transfer", [B], seed=s) for s in (1, 2, 3)]
    tables, _ = made(tmp_path, runs)
    row = tables["gains"].iloc[0]
    assert (row.n, row.n_without, row.collapsed) == (3, 0, 3)
    assert np.isnan(row.gain_without) and row.gain > 0


def test_a_diverged_run_is_counted_named_and_in_no_mean(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lost = Made(A, seed=3, status="diverged")
    tables, page = made(tmp_path, [Made(A), Made(A, seed=2), lost])
    shown = capsys.readouterr().out
    assert "2 complete" in shown and "1 diverged" in shown and "<b>1</b> diverged" in page
    assert f"{lost.name}  diverged: out of luck" in shown
    assert "Runs that diverged, which have no result and are in no mean: 1" in page
    assert tables["scores"][["seeds", "n", "diverged"]].to_numpy().tolist() == [["1,2", 2, 1]]
    assert tables["problems"].state.tolist() == ["diverged"]
