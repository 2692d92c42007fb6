"""The section of measures against gains."""

import pandas as pd

from bioner.report.drawing import style
from bioner.report.figures import measure_scatter
from bioner.report.results import Results
from bioner.report.sections.section import Section, axis_columns
from bioner.report.table import Column, Row, Table, between, count, percent, share, text

_METRICS = {
    "spearman": "Spearman",
    "weighted_kendall": "weighted τ",
    "ndcg": "NDCG",
    "regret@1": "regret@1",
    "regret@3": "regret@3",
    "rank_of_best": "rank of best",
}
_SMALLER = ("regret@1", "regret@3", "rank_of_best")
_IN_POINTS = ("regret@1", "regret@3")
_PANELS = 9
_SETTING = ["regime", "encoder", "size", "mixing", "variant"]


def measured_section(results: Results) -> Section | None:
    """Return how well each measure ranks the sources, and its values beside the gains."""
    ranked = results.tables.get("measure_ranking", pd.DataFrame())
    pairs = results.tables.get("measure_points", pd.DataFrame())
    if ranked.empty or pairs.empty:
        return None
    drawings = []
    settings = ranked[["regime", "encoder", "train_size", "mixing", "variant"]].drop_duplicates()
    for place, setting in enumerate(list(settings.itertuples(index=False))[:3]):
        part = ranked[(ranked[list(settings.columns)] == list(setting)).all(axis=1)]
        here = pairs[
            (pairs.regime == setting.regime)
            & (pairs.encoder == setting.encoder)
            & (pairs["size"] == setting.train_size)
            & (pairs.mixing == setting.mixing)
            & (pairs.variant == setting.variant)
        ]
        view = (" (" + part["view"] + ")").where(part["view"] != "", "")
        order = [
            p
            for p in (part.measure + view)[part.kind.isin(["measure", "oracle"])]
            if p in set(here.panel)
        ][:_PANELS]
        name = "measures" if len(settings) == 1 else f"measures_{place + 1}"
        caption = (
            f"Gain of {setting.regime} over single against the measures that rank sources best "
            f"({setting.encoder}, train size {setting.train_size}); every dot is a pair."
        )
        if order:
            with style():
                drawings.append(measure_scatter(name, caption, here, order))
    notes = [note for note in ranked.sort_values("targets").note if note][:1]
    return Section(
        "measures",
        "Measures against gains",
        [
            "How well each measure, known before any training on the pair, ranks the sources of "
            "a target, beside the baselines that it must beat. Means over targets; intervals (95 "
            "%) are by bootstrap over targets and seeds. An oracle reads test labels, which "
            "nobody has beforehand.",
            *(f"Note: {note}." for note in notes),
        ],
        [_ranking(ranked), *_calibration(results)],
        drawings,
    )


def _calibration(results: Results) -> list[Table]:
    """Return the table of stated probabilities, where enough targets have gains."""
    found = results.tables.get("calibration", pd.DataFrame())
    if found.empty:
        return []
    table = found.rename(columns={"train_size": "size"})
    axes, same = axis_columns(table, _SETTING)
    caption = (
        "How probable it was said to be that a source helps by more than other seeds change, from "
        "the gains of the other targets alone, and how many of these pairs did. "
        f"{' '.join(f'{one[0].upper()}{one[1:]}.' for one in table.says.unique())} {same}"
    )
    columns = [
        *axes,
        between("from", "to", share, "said, %"),
        count("pairs", "pairs"),
        percent("stated", "mean of it, %"),
        percent("helped", "helped, %"),
    ]
    return [Table("calibration", "Stated probabilities", caption.strip(), table, columns)]


def _ranking(ranked: pd.DataFrame) -> Table:
    table = ranked.rename(columns={"train_size": "size"})
    axes, same = axis_columns(table, _SETTING)
    columns: list[Column] = [
        *axes,
        text("measure", "measure"),
        text("view", "view"),
        text("kind", "kind"),
    ]
    for metric, title in _METRICS.items():
        best = "min" if metric in _SMALLER else "max"
        scale, digits = (100, 2) if metric in _IN_POINTS else (1, 3)
        columns.append(Column(metric, title, _shown(metric, scale, digits), best=best))
    columns.append(
        between(
            "spearman_low", "spearman_high", lambda v: f"{v:.2f}".replace("-", "−"), "Spearman 95 %"
        )
    )
    columns += [count("targets", "targets"), count("pairs", "pairs")]
    caption = (
        "Spearman's correlation, Kendall's τ weighted to the top, NDCG (relevance: the gain less "
        "the target's smallest), the gain missed by taking the first one or three sources (F1 "
        "points), "
        f"and the rank that the truly best source got. {same}"
    )
    return Table(
        "measure_ranking",
        "Ranking quality",
        caption.strip(),
        table,
        columns,
        _SETTING,
    )


def _shown(metric: str, scale: float, digits: int):  # type: ignore[no-untyped-def]
    def show(row: Row) -> str:
        value = row[metric]
        return "" if pd.isna(value) else f"{scale * value:.{digits}f}".replace("-", "−")

    return show
