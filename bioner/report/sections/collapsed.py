"""The section of collapsed runs: who they are, and what is found without them."""

import pandas as pd

from bioner.report.frame import CELL
from bioner.report.results import Results
from bioner.report.sections.section import Section, axis_columns, ordered
from bioner.report.table import Table, between, count, percent, points, share, signed, text

_BASES = {"gains": "single", "over_transfer": "transfer", "over_mtl": "mtl"}


def collapsed_section(results: Results) -> Section | None:
    """Return the collapsed runs, and scores and gains with and without them."""
    runs = results.tables["collapsed"]
    if runs.empty:
        return None
    scores = results.tables["scores"]
    gains = pd.concat(
        [results.tables[name].assign(over=base) for name, base in _BASES.items()],
        ignore_index=True,
    )
    tables = [_runs(runs), _scores(scores[scores.collapsed > 0])]
    if gains.collapsed.any():
        tables.append(_gains(gains[gains.collapsed > 0]))
    return Section(
        "collapsed",
        "Collapsed runs",
        [
            "A run collapsed where it never found a devel mention of its target. All other tables "
            "hold such runs, since who leaves them out flatters the regime that collapses; these "
            "show what is left without them. A gain is without a pair if either of its runs "
            "collapsed, also if that is the run of single."
        ],
        tables,
    )


def _runs(runs: pd.DataFrame) -> Table:
    shown = ordered(runs[["run", *CELL, "seed", "devel_f1", "f1"]], CELL)
    axes, same = axis_columns(shown)
    columns = [
        text("run", "run"),
        *axes,
        count("seed", "seed"),
        percent("devel_f1", "devel F1 %"),
        percent("f1", "test F1 %"),
    ]
    return Table("collapsed", "Runs that collapsed", same, shown, columns)


def _scores(cells: pd.DataFrame) -> Table:
    cells = ordered(cells)
    axes, same = axis_columns(cells)
    columns = [
        *axes,
        count("n", "runs"),
        count("collapsed", "collapsed"),
        percent("f1", "F1 %", spread="std"),
        percent("f1_without", "without them", spread="std_without"),
        between("low", "high", share, "95 % interval"),
        between("low_without", "high_without", share, "without them"),
    ]
    caption = f"The cells that have any, as under Test scores, with and without them. {same}"
    return Table("collapsed_scores", "Scores with and without", caption.strip(), cells, columns)


def _gains(cells: pd.DataFrame) -> Table:
    axes = ["over", *CELL]
    cells = ordered(cells, axes)
    shown, same = axis_columns(cells)
    columns = [
        text("over", "over"),
        *shown,
        count("n", "pairs"),
        count("collapsed", "collapsed"),
        points("gain", "gain", mark="mark"),
        points("gain_without", "without them", mark="mark_without"),
        between("low", "high", signed, "95 % interval"),
        between("low_without", "high_without", signed, "without them"),
    ]
    caption = f"F1 points, as under Gains, with and without pairs that collapsed. {same}"
    return Table("collapsed_gains", "Gains with and without", caption.strip(), cells, columns)
