"""Precision, recall and F1 of each entity type."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from bioner.report.frame import CELL, rows_of
from bioner.report.study import Run

_SCORES = ("precision", "recall", "f1")


def by_type(frame: pd.DataFrame, runs: Sequence[Run]) -> pd.DataFrame:
    """Return a row per cell and type of the targets that have several: means over the runs.

    A type without a mention in the test split has no scores.

    Args:
        frame: of the runs that may be compared.
        runs: of the study.
    """
    records = {run.record.run: run.record for run in runs}
    rows: list[dict[str, Any]] = []
    for row in rows_of(frame[frame.status == "complete"]):
        found = records[row.run].scores[row.target].by_split()["test"].by_type
        cell = {axis: getattr(row, axis) for axis in CELL}
        for name, one in found.items() if len(found) > 1 else ():
            about = {"type": name, "mentions": one.support, "predicted": one.predicted}
            known = {key: getattr(one, key) if one.support else None for key in _SCORES}
            rows.append(cell | about | known)
    table = pd.DataFrame(rows, columns=[*CELL, "type", "mentions", "predicted", *_SCORES])
    cells = table.astype(dict.fromkeys(_SCORES, float)).groupby([*CELL, "type"], sort=False)
    return cells.agg(
        n=("mentions", "size"),
        mentions=("mentions", "mean"),  # of folds each has its own
        predicted=("predicted", "mean"),
        std=("f1", "std"),
        **{key: (key, "mean") for key in _SCORES},
    ).reset_index()
