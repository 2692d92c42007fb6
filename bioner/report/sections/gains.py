"""The sections of gains over single, and of transfer then MTL over its parts."""

import pandas as pd

from bioner.report.analyses.gains import matrix
from bioner.report.analyses.pairs import FEWEST_SEEDS
from bioner.report.drawing import Drawing, style
from bioner.report.figures import gain_intervals, heat_map
from bioner.report.figures import helper as what_helped
from bioner.report.frame import rows_of
from bioner.report.results import PARTS, Results
from bioner.report.sections.section import (
    MOST_FIGURES,
    SETTING,
    Section,
    axis_columns,
    by_setting,
    left_out,
    ordered,
)
from bioner.report.table import (
    Column,
    Table,
    between,
    count,
    percent,
    points,
    probability,
    signed,
    text,
)

# A panel with more rows can't be read.
_MOST_ROWS = 150

_STARS = (
    "Stars are by the p-value after Holm's correction over all comparisons that the study asked "
    f"for with at least {FEWEST_SEEDS} seeds, whether or not they are here: * < 0.05, ** < 0.01, "
    f"*** < 0.001. A row with fewer than {FEWEST_SEEDS} paired seeds gets no star: so few can't "
    "show how much training varies; its interval is of the test set, and with one seed of nothing "
    "else."
)


def gains_section(results: Results) -> Section | None:
    """Return gains over single: summary, every cell, matrices with heat maps."""
    table = results.tables["gains"]
    if table.empty:
        return None
    units = " or ".join(sorted({f"{kind}s" for kind in results.unit.values()})) or "units"
    tables, drawings, settings = [_summary(results.tables["summary"])], [], 0
    reach = max(0.1, 100 * float(table.gain.abs().max()))
    tables.append(_compared(results, "gains", "Gains over single", "single"))
    for regime, helper, label in (
        ("transfer", "sources", "source"),
        ("mtl", "partners", "partner"),
    ):
        groups = list(by_setting(table[table.regime == regime]))
        settings = max(settings, len(groups))
        for place, (suffix, words, rows) in enumerate(groups):
            tables.append(_matrix(f"{regime}_matrix{suffix}", words, rows, regime, helper))
            if place < MOST_FIGURES and len(rows) > 1:
                drawings.append(
                    _heat_map(f"{regime}_matrix{suffix}", words, rows, helper, label, reach)
                )
    for suffix, words, rows in list(by_setting(_without_mixing(table)))[:MOST_FIGURES]:
        if len(rows) <= _MOST_ROWS:
            drawings.append(_intervals(f"gains{suffix}", words, rows))
    return Section(
        "gains",
        "Gains over single",
        [
            "The gain of a run is its test F1 minus that of the single run on the same target, "
            "encoder, training subset, budget and seed, in F1 points. Intervals (95 %) are by "
            f"paired bootstrap over the test set's {units}, with Student's t for so many seeds; "
            "p-values are two-sided, the larger of the bootstrap's and of approximate "
            f"randomisation's, in which the two systems' outputs for one of the {units} change "
            "places for all seeds together.",
            _STARS,
            *left_out(settings),
        ],
        tables,
        drawings,
    )


def _without_mixing(table: pd.DataFrame) -> pd.DataFrame:
    """Put the mixing beside the partners, so that one figure holds all regimes of a setting."""
    several = table[table.mixing != ""].mixing.nunique() > 1
    partners = table.partners + (" " + table.mixing).where((table.mixing != "") & several, "")
    return table.assign(partners=partners, mixing="")


def _heat_map(
    name: str, words: str, rows: pd.DataFrame, helper: str, label: str, reach: float
) -> Drawing:
    what = "pretraining on the source" if helper == "sources" else "training with the partner"
    caption = f"Gain over single by {what}, F1 points{_of(words)}. Empty: not run."
    with style():
        return heat_map(name, caption, rows, helper, label, reach)


def _intervals(name: str, words: str, rows: pd.DataFrame) -> Drawing:
    caption = (
        f"Gain over single of every cell{_of(words)}, with 95 % intervals. ← names what the "
        "encoder was pretrained on, + what it was trained with, ←+ one dataset for both. Hollow "
        "and dotted: one seed, and an interval that knows nothing of what another would give."
    )
    with style():
        return gain_intervals(name, caption, rows)


def _of(words: str) -> str:
    return f" ({words})" if words else ""


def _summary(table: pd.DataFrame) -> Table:
    table = ordered(table, ["regime", *SETTING])
    axes, same = axis_columns(table, ["regime", *SETTING])
    columns = [
        *axes,
        count("targets", "targets"),
        count("cells", "cells"),
        points("gain", "mean gain"),
        between("low", "high", signed, "95 % over targets"),
        *(_without_collapsed() if table.collapsed.any() else []),
        percent("helped", "helped %", digits=0),
        points("best_helper", "with the best helper"),
    ]
    caption = (
        "Mean gain over targets, a target's gain being the mean over its sources or partners. The "
        "interval redraws targets and needs three. Helped is the share of cells with a gain "
        "above 0. The best helper of each target is chosen by these very test scores: an upper "
        f"bound, not what a choice made beforehand would give. {same}"
    )
    return Table("summary", "Mean gains", caption.strip(), table, columns)


def _without_collapsed() -> list[Column]:
    return [count("collapsed", "collapsed pairs"), points("gain_without", "without them")]


def _compared(results: Results, name: str, title: str, against: str) -> Table:
    table = ordered(results.tables[name])
    axes, same = axis_columns(table)
    columns = [
        *axes,
        text("seeds", "seeds"),
        percent("base_f1", f"{against} F1 %"),
        percent("f1", "F1 %"),
        points("gain", "gain", mark="mark", best="max"),
        between("low", "high", signed, "95 % interval"),
        probability("p_bootstrap", "p bootstrap"),
        probability("p_randomisation", "p randomisation"),
        probability("p_holm", "p Holm"),
        text("why", "no test because"),
    ]
    if not table.why.any():
        columns.pop()
    tested, family = int(table.p_holm.notna().sum()), results.tests[against]
    caption = (
        "F1 points, paired by seed and subset; the best gain of a target and setting is bold. "
        f"Corrected over {max(tested, family)} comparisons, of which {tested} are here. {same}"
    )
    groups = ["target", "encoder", "size"]
    paper = _for_paper(name, title, table, caption.strip(), groups)
    return Table(name, title, caption.strip(), table, columns, groups, paper)


def _for_paper(
    name: str, title: str, table: pd.DataFrame, caption: str, groups: list[str]
) -> Table:
    """Return gains in at most seven columns: what helped in one, all other axes in another."""
    settings = [axis for axis in SETTING if table[axis][table[axis] != ""].nunique() > 1]
    rows = list(rows_of(table))
    frame = table.assign(
        helper=[what_helped(row) for row in rows],
        setting=[", ".join(v for a in settings if (v := getattr(row, a))) for row in rows],
    )
    columns = [
        text("target", "target"),
        text("regime", "regime"),
        text("helper", "with"),
        *([text("setting", "setting")] if settings else []),
        percent("f1", "F1 %"),
        points("gain", "gain", mark="mark", best="max"),
        between("low", "high", signed, "95 % interval"),
    ]
    return Table(name, title, caption, frame, columns, groups)


def _matrix(name: str, words: str, rows: pd.DataFrame, regime: str, helper: str) -> Table:
    wide = matrix(rows, regime, helper).reset_index()
    label = "source" if helper == "sources" else "partner"
    targets = [column for column in wide.columns if column != helper]
    marks = rows.pivot_table("mark", helper, "target", aggfunc="first").reset_index()
    for target in targets:
        wide[f"{target} mark"] = marks[target].fillna("").to_numpy()
    columns = [
        text(helper, label),
        *(points(target, target, mark=f"{target} mark", best="max") for target in targets),
    ]
    caption = f"Rows: {label}; columns: target; F1 points over single. – was not run."
    title = f"{regime} matrix{_of(words)}"
    return Table(name, title, caption, wide, columns)


def parts_section(results: Results) -> Section | None:
    """Return what transfer then MTL adds to each of its parts."""
    titles = {"transfer": "Over transfer alone", "mtl": "Over MTL alone"}
    tables = [
        _compared(results, f"over_{part}", titles[part], part)
        for part in PARTS
        if not results.tables[f"over_{part}"].empty
    ]
    if not tables:
        return None
    return Section(
        "parts",
        "Transfer then MTL against its parts",
        [
            "Transfer then MTL against transfer from the same sources, and against MTL with the "
            "same partners; target, encoder, training subset, budget and seed are the same.",
            _STARS,
        ],
        tables,
    )
