"""The section of heads on other corpora."""

import pandas as pd

from bioner.report.analyses.cross import cross_matrix
from bioner.report.frame import CELL
from bioner.report.results import Results
from bioner.report.sections.section import Section, axis_columns, ordered
from bioner.report.table import Column, Row, Table, count, percent, share, text


def cross_section(results: Results) -> Section | None:
    """Return the matrices of heads and datasets, one a split, and every cell in full."""
    table = results.tables["cross"]
    if table.empty:
        return None
    splits = sorted(table.split.unique(), key=["test", "devel", "train"].index)
    return Section(
        "cross",
        "On other corpora",
        [
            "What bioner evaluate has scored: each head on datasets that have its type, mentions "
            "of other types left out on either side; means over the runs of a cell. In brackets "
            "stands how much of the dataset's sentences (of five words or more) a run was "
            "trained on: with more than a few percent the score is no score on unseen text."
        ],
        [*(_matrix(table, split) for split in splits), _full(table)],
    )


def _matrix(table: pd.DataFrame, split: str) -> Table:
    wide = ordered(cross_matrix(table, split))
    axes, same = _axes(wide)
    names = [name for name in sorted(table.dataset.unique()) if name in wide.columns]
    caption = (
        "Rows: the head, named after the dataset that it learnt; columns: the dataset that it is "
        f"scored on; strict F1 in percent, (sentences trained on). – was not evaluated. {same}"
    )
    return Table(
        f"cross_{split}",
        f"Heads on datasets, {split}",
        caption.strip(),
        wide,
        [*axes, *(_cell(name) for name in names)],
    )


def _cell(dataset: str) -> Column:
    def show(row: Row) -> str:
        f1, seen = share(row[dataset]), row[f"{dataset} trained on"]
        known: str = "not known" if pd.isna(seen) else f"{seen:.1%}"
        return f"{f1} ({known})" if f1 else ""

    return Column(dataset, dataset, show)


def _full(table: pd.DataFrame) -> Table:
    table = ordered(table, [*CELL, "dataset", "split"])
    axes, same = _axes(table)
    columns = [
        *axes,
        text("dataset", "dataset"),
        text("split", "split"),
        count("n", "runs"),
        count("support", "mentions"),
        percent("f1", "strict F1", spread="std"),
        percent("partial_f1", "partial F1"),
        percent("overlap_f1", "overlap F1"),
        count("trained_on", "sentences trained on"),
        count("sentences", "of"),
    ]
    caption = (
        "Strict and partial scores in percent. partial: overlapping borders count a half; overlap: "
        f"an overlap with the type counts. {same}"
    )
    return Table("cross", "All cells", caption.strip(), table, columns)


def _axes(table: pd.DataFrame) -> tuple[list[Column], str]:
    axes, same = axis_columns(table)
    return [text("target", "head") if one.key == "target" else one for one in axes], same
