"""The section of devel F1 over updates."""

import pandas as pd

from bioner.report.drawing import Drawing, style
from bioner.report.figures import devel_over_updates
from bioner.report.results import Results
from bioner.report.sections.section import (
    MOST_FIGURES,
    Section,
    axis_columns,
    by_setting,
    left_out,
    ordered,
)
from bioner.report.table import Table, count, percent


def devel_section(results: Results) -> Section | None:
    """Return how devel F1 went while the target was learnt, where records say it."""
    curves = results.tables["devel_curves"]
    if curves.empty:
        return None
    settings = list(by_setting(curves))
    return Section(
        "devel",
        "Devel F1 over updates",
        [
            "Devel F1 after each epoch of fine-tuning, means over seeds. A curve that still rises "
            "at its end is of a run that was cut short: a gain over it is none over a run that "
            "had its fill.",
            *left_out(len(settings)),
        ],
        [_table(curves)],
        [_drawn(*setting) for setting in settings[:MOST_FIGURES]],
    )


def _drawn(suffix: str, words: str, curves: pd.DataFrame) -> Drawing:
    caption = f"Devel F1 over updates of fine-tuning: means over seeds. {words}".strip()
    with style():
        return devel_over_updates(f"devel_curves{suffix}", caption, curves)


def _table(curves: pd.DataFrame) -> Table:
    table = ordered(curves)
    axes, same = axis_columns(table)
    columns = [
        *axes,
        count("epoch", "epoch"),
        count("step", "updates"),
        percent("f1", "devel F1 %", spread="std"),
        count("n", "runs"),
    ]
    caption = f"Devel F1 after each epoch, in percent. {same}".strip()
    return Table("devel_curves", "Devel F1 after each epoch", caption, table, columns)
