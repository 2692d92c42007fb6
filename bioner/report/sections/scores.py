"""The section of test scores, and that of learning curves."""

import numpy as np
import pandas as pd

from bioner.report.analyses.scores import LOST
from bioner.report.drawing import Drawing, style
from bioner.report.figures import learning_curves
from bioner.report.frame import CELL
from bioner.report.results import Results
from bioner.report.sections.section import MOST_FIGURES, SETTING, Section, axis_columns, ordered
from bioner.report.table import Column, Row, Table, between, count, percent, share, text

_ROWS = ["regime", *SETTING]


def scores_section(results: Results) -> Section:
    """Return test F1 of every cell, and an overview with a column per target."""
    table = results.tables["scores"]
    done = table[table.n > 0]
    return Section(
        "scores",
        "Test scores",
        [
            "Strict entity-level F1 on the test split, in percent: the mean over seeds, its "
            "standard deviation over seeds, and a 95 % interval by bootstrap over the test set's "
            "units, with Student's t for so many seeds. A cell that has no complete run is shown "
            "as missing."
        ],
        [_overview(done), _scores(table), *_types(results.tables["by_type"])],
    )


def _types(table: pd.DataFrame) -> list[Table]:
    if table.empty:
        return []
    table = ordered(table, [*CELL, "type"])
    axes, same = axis_columns(table)
    columns = [
        *axes,
        text("type", "type"),
        count("mentions", "mentions", 0 if (table.mentions % 1 == 0).all() else 1),
        count("predicted", "predicted", 1),
        percent("precision", "precision"),
        percent("recall", "recall"),
        percent("f1", "F1 %", spread="std"),
    ]
    caption = (
        "Strict scores of each type of the targets that have several: means over seeds, ± the "
        f"standard deviation. A type without a test mention has no score. {same}"
    )
    return [Table("by_type", "Types", caption.strip(), table, columns)]


def _overview(done: pd.DataFrame) -> Table:
    wide = done.pivot_table("f1", _ROWS, "target", aggfunc="mean", sort=False)
    wide = ordered(wide[sorted(wide.columns)].reset_index(), _ROWS)
    targets = [name for name in wide.columns if name not in _ROWS]
    wide["mean"] = wide[targets].mean(axis=1, skipna=False)
    axes, same = axis_columns(wide, _ROWS)
    shown = targets if len(targets) == 1 else [*targets, "mean"]
    columns = [*axes, *(percent(name, name, best="max", missing="missing") for name in shown)]
    caption = (
        "Test F1 per regime and target, in percent. Where a regime has several sources or partners "
        f"for a target, the mean over them. The best of each column and train size is bold. {same}"
    )
    return Table("overview", "Overview", caption.strip(), wide, columns, ["encoder", "size"])


def _scores(table: pd.DataFrame) -> Table:
    table = ordered(table)
    axes, same = axis_columns(table)
    columns = [
        *axes,
        percent("f1", "F1 %", spread="std", best="max", missing="missing"),
        between("low", "high", share, "95 % interval"),
        text("seeds", "seeds"),
        percent("best", "best"),
        percent("precision", "precision"),
        percent("recall", "recall"),
        percent("devel_f1", "devel F1"),
    ]
    columns += [count(key, key) for key in ("collapsed", *LOST) if table[key].any()]
    caption = (
        "Every cell: the mean over seeds ± standard deviation. The best of a target, encoder and "
        f"train size is bold. {same}"
    )
    return Table(
        "scores", "All cells", caption.strip(), table, columns, ["target", "encoder", "size"]
    )


def curves_section(results: Results) -> Section | None:
    """Return learning curves and label saving, where there are several train sizes."""
    points = results.tables["curves"]
    if points.empty:
        return None
    saving = ordered(results.tables["label_saving"])
    tables = [_points(points)] + ([_saving(saving)] if len(saving) else [])
    return Section(
        "curves",
        "Learning curves",
        [
            "F1 over the number of the target's training sentences. The label saving of a regime "
            "is the share of the training sentences that single needs for the same F1: on the "
            "curve of single, straight in the logarithm of the share between the sizes that were "
            "run.",
            *_largest_savings(saving),
        ],
        tables,
        _drawn(points),
    )


def _drawn(points: pd.DataFrame) -> list[Drawing]:
    drawings: list[Drawing] = []
    several = points[["encoder", "variant"]].drop_duplicates()
    for (encoder, variant), part in list(points.groupby(["encoder", "variant"]))[:MOST_FIGURES]:
        words = f", {encoder} {variant}".rstrip() if len(several) > 1 else ""
        name = f"curves_{len(drawings) + 1}" if len(several) > 1 else "curves"
        with style():
            drawings.append(
                learning_curves(
                    name,
                    f"Test F1 over train sentences{words}: means over seeds, bands are 95 % "
                    "intervals.",
                    part,
                )
            )
    return drawings


def _points(points: pd.DataFrame) -> Table:
    axes, same = axis_columns(points)
    columns = [
        *axes,
        count("train_sentences", "sentences"),
        percent("f1", "F1 %", spread="std"),
        between("low", "high", share, "95 % interval"),
        text("seeds", "seeds"),
    ]
    return Table(
        "curves", "Points of the curves", f"Test F1 per train size. {same}".strip(), points, columns
    )


def _largest_savings(saving: pd.DataFrame) -> list[str]:
    """Return a sentence per regime on its cell that saves the most labels."""
    says = []
    for regime, rows in saving.groupby("regime", sort=False):
        row = max(rows.to_dict("records"), key=lambda one: float(one["factor"]))
        if row["factor"] <= 1:
            says.append(f"No cell of {regime} saves labels: single does as well with as many.")
            continue
        helpers = [
            f"{word} {row[key]}"
            for word, key in (("from", "sources"), ("with", "partners"))
            if row[key]
        ]
        does = f"{' '.join([str(regime), *helpers])} at {_percent(row, 'share')}"
        above = np.isinf(row["equal_share"])
        theirs = (
            "is above single at every size that was run"
            if above
            else (f"equals single at {_percent(row, 'equal_share')}")
        )
        if not np.isnan(row["low"]):
            theirs += f" [{_percent(row, 'low')}, {_percent(row, 'high')}]"
        of = f"the largest saving of {len(rows)} cells" if len(rows) > 1 else "the only cell"
        says.append(f"On {row['target']}, {does} {theirs}: {of} of this regime, by test scores.")
    return says


def _percent(row: Row, key: str) -> str:
    return "∞" if np.isinf(row[key]) else f"{100 * row[key]:.3g} %"


def _saving(saving: pd.DataFrame) -> Table:
    axes, same = axis_columns(saving)
    columns = [
        *axes,
        percent("share", "share used %"),
        percent("f1", "F1 %"),
        Column("equal_share", "equals single at %", lambda row: _reached(row, "equal_share")),
        Column(
            "low",
            "95 % interval",
            lambda row: (
                "" if np.isnan(row["low"]) else f"[{_reached(row, 'low')}, {_reached(row, 'high')}]"
            ),
        ),
        Column(
            "factor",
            "times the labels",
            lambda row: "more than run" if np.isinf(row["factor"]) else f"{row['factor']:.2f}",
        ),
    ]
    caption = (
        "The share of the target's training sentences with which single reaches the same mean F1. "
        "∞ stands where single does not reach it with the most sentences that were run; the "
        "smallest share that was run stands where single reaches it with less as well. "
        f"{same}"
    )
    return Table("label_saving", "Label saving", caption.strip(), saving, columns)


def _reached(row: Row, key: str) -> str:
    return "∞" if np.isinf(row[key]) else share(row[key])
