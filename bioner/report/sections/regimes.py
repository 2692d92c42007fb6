"""The section for a paper: targets and regimes in one table, and their mean ranks."""

from collections.abc import Iterator

import pandas as pd

from bioner.report.analyses.regimes import PLACE
from bioner.report.drawing import Drawing, style
from bioner.report.frame import REGIMES
from bioner.report.rank_figure import rank_diagram
from bioner.report.results import Results
from bioner.report.sections.section import MOST_FIGURES, Section, suffix_of
from bioner.report.table import Column, Table, percent, probability, text


def regimes_section(results: Results) -> Section | None:
    """Return a table of targets and regimes for each encoder and train size, and mean ranks."""
    table = results.tables["paper"]
    if table.empty:
        return None
    places = list(_places(table))
    tables = [_paper(suffix, words, rows) for suffix, words, rows in places]
    ranks = results.tables["ranks"]
    drawings: list[Drawing] = []
    for suffix, words, rows in places:
        here = ranks.merge(rows[PLACE].drop_duplicates(), on=PLACE)
        if len(here):
            tables.append(_ranks(suffix, words, here))
            drawings += [_diagram(suffix, words, here)] if len(drawings) < MOST_FIGURES else []
    return Section(
        "regimes",
        "Regimes",
        [
            "Where a regime was run with several sources, partners or mixings, the one with the "
            "best mean devel F1 stands for it on each target: nothing is chosen by test."
        ],
        tables,
        drawings,
    )


def _places(table: pd.DataFrame) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Yield a suffix for names, words and the rows of every place."""
    for place, rows in table.groupby(PLACE, sort=True):
        differs = [
            str(v) for k, v in zip(PLACE, place, strict=True) if table[k].nunique() > 1 and v
        ]
        words = ", ".join(differs)
        yield suffix_of(words), words, rows


def _of(words: str) -> str:
    return f" ({words})" if words else ""


def _paper(suffix: str, words: str, rows: pd.DataFrame) -> Table:
    shown = [regime for regime in REGIMES if rows[regime].notna().any()]
    columns = [text("target", "target"), *map(_regime, shown), text("seeds", "seeds")]
    first = rows.iloc[0]
    caption = (
        "Test F1 in percent, mean ± standard deviation over seeds; the best of each target is "
        "bold. Stars mark gains over single: * p < 0.05, ** p < 0.01, *** p < 0.001 after Holm's "
        f"correction. Encoder {first.encoder}, train size {first['size']} {first.variant}"
    )
    frame = rows.reset_index(drop=True)
    title = f"Targets and regimes{_of(words)}"
    return Table(f"paper{suffix}", title, f"{caption.rstrip()}.", frame, columns)


def _regime(regime: str) -> Column:
    column = percent(regime, regime.replace("_", " then "), spread=f"{regime} std")
    return Column(
        regime,
        column.title,
        column.show,
        mark=f"{regime} mark",
        bold=f"{regime} best",
    )


def _ranks(suffix: str, words: str, rows: pd.DataFrame) -> Table:
    first = rows.iloc[0]
    columns = [
        text("regime", "regime"),
        Column("rank", "mean rank", lambda row: f"{row['rank']:.2f}"),
        Column("critical", "critical difference", lambda row: f"{row['critical']:.2f}"),
        probability("p", "p Friedman"),
    ]
    caption = (
        f"Over the {first.targets} targets that have all regimes; 1 is the best. Two regimes "
        "whose mean ranks differ by less than the critical difference can't be told apart "
        "(Nemenyi's test at 0.05, Demšar 2006); Friedman's test asks whether any differ."
    )
    frame = rows.sort_values("rank", ignore_index=True)
    return Table(f"ranks{suffix}", f"Mean ranks{_of(words)}", caption, frame, columns)


def _diagram(suffix: str, words: str, rows: pd.DataFrame) -> Drawing:
    caption = (
        f"Mean ranks of the regimes over targets{_of(words)}; a bar joins those that can't be "
        "told apart (Nemenyi's test at 0.05)."
    )
    with style():
        return rank_diagram(f"ranks{suffix}", caption, rows)
