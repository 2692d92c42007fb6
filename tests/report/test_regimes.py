"""Tables and figures for papers: regimes by target, mean ranks, types, and their files."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bioner.config.report import ReportConfig
from bioner.report.analyses.regimes import critical_difference, mean_ranks
from bioner.report.rank_figure import indistinct
from bioner.report.report import report
from bioner.report.sections.section import by_setting
from tests.report.synthetic import TYPES, Made, write_study

A, B, C = TARGETS = ("demo_disease", "demo_chemical", "demo_unrelated")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of three targets and three regimes, with two sources for one target."""
    root = tmp_path_factory.mktemp("regimes")
    runs = [Made(t, seed=s, skill=0.5) for t in TARGETS for s in (1, 2, 3)]
    runs += [
        Made(t, regime, sources, partners, seed=s, skill=skill)
        for t, x in ((A, B), (B, C), (C, A))
        for s in (1, 2, 3)
        for regime, sources, partners, skill in (
            ("transfer", [x], (), 0.9),
            ("mtl", (), [x], 0.7),
        )
    ]
    runs += [Made(A, "transfer", [C], seed=s, skill=0.3) for s in (1, 2)]
    write_study(root / "study", runs)
    return report(ReportConfig(study="study", runs_dir=str(root), samples=1000), "bioner report")


def test_one_table_has_a_row_per_target_and_the_best_bold(folder: Path) -> None:
    table = pd.read_csv(folder / "tables" / "paper.csv").set_index("target")
    scores = pd.read_csv(folder / "tables" / "scores.csv")
    assert sorted(table.index) == sorted(TARGETS)
    better = scores.query("regime == 'transfer' and target == @A and sources == @B").iloc[0]
    assert table.loc[A, "transfer"] == better.f1  # the source of the better devel F1
    assert table["transfer best"].all() and not table["single best"].any()
    assert str(table.loc[A, "seeds"]) == "3"
    gains = pd.read_csv(folder / "tables" / "gains.csv").query("sources == @B and target == @A")
    assert gains["mark"].tolist() == [table.loc[A, "transfer mark"]]
    tex = (folder / "tables" / "paper.tex").read_text()
    rows = [line for line in tex.splitlines() if line.startswith("demo")]
    assert len(rows) == 3 and all(row.count(r"\textbf{") == 1 for row in rows)
    assert r"\caption{" in tex and r"\label{tab:paper}" in tex and "$^{*" in tex


def test_gains_have_at_most_seven_columns_in_tex(folder: Path) -> None:
    for name in ("gains", "paper"):
        tex = (folder / "tables" / f"{name}.tex").read_text()
        (layout,) = [line for line in tex.splitlines() if line.startswith(r"\begin{tabular}{")]
        assert len(layout.removeprefix(r"\begin{tabular}{").rstrip("}")) <= 7
    assert r"$\leftarrow$ demo\_chemical" in (folder / "tables" / "gains.tex").read_text()


def test_every_figure_is_a_pdf_too(folder: Path) -> None:
    figures = folder / "figures"
    assert (figures / "ranks.pdf").read_bytes().startswith(b"%PDF")
    assert {f.stem for f in figures.glob("*.pdf")} == {f.stem for f in figures.glob("*.svg")}


def test_types_have_scores_of_their_own(folder: Path) -> None:
    table = pd.read_csv(folder / "tables" / "by_type.csv")
    assert set(table.type) == set(TYPES)
    scores = pd.read_csv(folder / "tables" / "scores.csv").set_index(["target", "regime"])
    one = table.query("regime == 'single' and target == @A")
    recall = (one.recall * one.mentions).sum() / one.mentions.sum()
    assert recall == pytest.approx(scores.recall[A, "single"])


def test_devel_over_updates(folder: Path) -> None:
    table = pd.read_csv(folder / "tables" / "devel_curves.csv")
    cell = table.query("regime == 'single' and target == @A")
    assert cell.epoch.tolist() == [1, 2] and cell.step.tolist() == [5, 10]
    scores = pd.read_csv(folder / "tables" / "scores.csv").query("regime == 'single'")
    devel = scores.set_index("target").f1[A]  # made so: test and devel are one
    assert cell.f1.tolist() == [0.0, pytest.approx(devel)]
    assert "updates" in (folder / "figures" / "devel_curves.svg").read_text()


def test_mean_ranks_by_hand(folder: Path) -> None:
    table = pd.read_csv(folder / "tables" / "ranks.csv").set_index("regime")
    assert table["rank"].to_dict() == {"transfer": 1, "mtl": 2, "single": 3}
    assert table.p.iloc[0] == pytest.approx(np.exp(-3))  # chi-square of 6 with 2 degrees
    # Demšar 2006, table 5a: q is 2.343 for three classifiers and 2.569 for four.
    assert critical_difference(3, 3) == pytest.approx(2.343 * np.sqrt(12 / 18), abs=2e-3)
    assert critical_difference(4, 14) == pytest.approx(2.569 * np.sqrt(20 / 84), abs=2e-3)


def test_what_can_not_be_ranked_has_no_ranks() -> None:
    rows = {"encoder": "e", "size": "all", "variant": "", "target": ["a", "b", "c"]}
    frame = pd.DataFrame(rows).assign(single=[0.1, 0.2, 0.3], mtl=[0.2, 0.3, np.nan])
    frame = frame.assign(transfer=[0.3, 0.1, 0.2], transfer_mtl=np.nan)
    assert mean_ranks(frame).empty  # two targets have all three
    equal = frame.assign(mtl=frame.single, transfer=frame.single)
    assert mean_ranks(equal)["rank"].tolist() == [2.0, 2.0, 2.0]


def test_groups_that_can_not_be_told_apart() -> None:
    ranks = np.array([1.0, 1.5, 2.5, 4.0])
    assert indistinct(ranks, 1.0) == [(0, 1), (1, 2)]
    assert indistinct(ranks, 5.0) == [(0, 3)]
    assert indistinct(ranks, 0.1) == []


def test_settings_of_many_axes_have_short_names_and_different_ones() -> None:
    variants = [f"some.key.of.a.config={'x' * 200}, another={n}" for n in (1, 2)]
    frame = pd.DataFrame({"encoder": "e", "mixing": "", "size": "all", "variant": variants})
    suffixes = [suffix for suffix, _, _ in by_setting(frame)]
    assert len(set(suffixes)) == 2 and all(50 < len(one) <= 100 for one in suffixes)
