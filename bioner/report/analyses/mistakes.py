"""Which mistakes the runs of a cell make; counts are means over the runs."""

import pandas as pd

from bioner.report.frame import CELL
from bioner.report.mistake_kinds import KINDS, LENGTHS

_RUN = ["run", "target"]


def _in_cells(frame: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    cells = frame[frame.status == "complete"]
    return found.merge(cells[["run", *CELL]], on=_RUN)


def _runs(joined: pd.DataFrame) -> pd.Series:
    return joined.groupby(CELL, sort=False).run.nunique().rename("runs")


def by_kind(frame: pd.DataFrame, mistakes: pd.DataFrame) -> pd.DataFrame:
    """Return per cell the share of the gold mentions of each kind; `spurious` per gold mention."""
    joined = _in_cells(frame, mistakes)
    counts = joined.pivot_table("n", CELL, "kind", aggfunc="sum", fill_value=0, sort=False)
    counts = counts.reindex(columns=list(KINDS), fill_value=0)
    gold = counts.drop(columns="spurious").sum(axis=1)
    shares = counts.div(gold, axis=0)
    runs = _runs(joined)
    return shares.assign(mentions=gold / runs, runs=runs).reset_index()


def by_length(frame: pd.DataFrame, mistakes: pd.DataFrame) -> pd.DataFrame:
    """Return per cell the recall of gold mentions by their number of words; missing: none there."""
    joined = _in_cells(frame, mistakes[mistakes.kind != "spurious"])
    joined["right"] = joined.n.where(joined.kind == "correct", 0)
    sums = joined.groupby([*CELL, "length"], sort=False)[["right", "n"]].sum()
    recall = (sums.right / sums.n).unstack("length").reindex(columns=list(LENGTHS))
    return recall.assign(runs=_runs(joined)).reset_index()


def type_pairs(frame: pd.DataFrame, mistakes: pd.DataFrame, most: int = 10) -> pd.DataFrame:
    """Return per regime and target the most frequent errors by their types, a run's mean count."""
    wrong = mistakes[mistakes.kind != "correct"]
    joined = _in_cells(frame, wrong)
    groups = ["encoder", "size", "variant", "target", "regime"]
    totals = joined.groupby([*groups, "kind", "gold_type", "guess_type"]).n.sum().reset_index()
    runs = _in_cells(frame, mistakes).groupby(groups).run.nunique().rename("runs").reset_index()
    found = totals.merge(runs, on=groups)
    found["per_run"] = found.n / found.runs
    ordered = found.sort_values([*groups, "per_run"], ascending=[True] * len(groups) + [False])
    return ordered.groupby(groups, sort=False).head(most).drop(columns="n").reset_index(drop=True)


def words(frame: pd.DataFrame, pairs: pd.DataFrame, most: int = 10) -> pd.DataFrame:
    """Return per regime and target the most frequent errors by their words, a run's mean count."""
    joined = _in_cells(frame, pairs)
    groups = ["encoder", "size", "variant", "target", "regime"]
    runs = joined.groupby(groups).run.nunique().rename("runs")
    found = joined.groupby([*groups, "gold", "guess"]).n.sum().reset_index().join(runs, on=groups)
    found["per_run"] = found.n / found.runs
    ordered = found.sort_values([*groups, "per_run"], ascending=[True] * len(groups) + [False])
    return ordered.groupby(groups, sort=False).head(most).drop(columns="n").reset_index(drop=True)


def partial_scores(frame: pd.DataFrame, counts: pd.DataFrame) -> pd.DataFrame:
    """Return per cell F1 under each scheme of nervaluate, the mean over the runs.

    As nervaluate: precision and recall are over the predicted and the gold mentions, and a
    partial match is worth half under `partial` and `ent_type`'s own rule elsewhere.
    """
    joined = _in_cells(frame, counts)
    predicted = joined[["correct", "incorrect", "partial", "spurious"]].sum(axis=1)
    gold = joined[["correct", "incorrect", "partial", "missed"]].sum(axis=1)
    credit = joined.correct + 0.5 * joined.partial
    joined["f1"] = (2 * credit / (predicted + gold)).fillna(0.0)
    table = joined.pivot_table("f1", CELL, "scheme", aggfunc="mean", sort=False)
    return table.assign(runs=_runs(joined)).reset_index()
