"""Devel F1 over the updates of fine-tuning."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from bioner.report.frame import CELL, rows_of
from bioner.report.study import Run
from bioner.runs.record import FINETUNE


def devel_curves(frame: pd.DataFrame, runs: Sequence[Run]) -> pd.DataFrame:
    """Return a row per cell and epoch: the mean devel F1, 0 to 1, of the runs that came so far.

    Runs whose record lacks the looks at devel, or whose devel was trained on, have no part in it.

    Args:
        frame: of the runs that may be compared.
        runs: of the study.
    """
    records = {run.record.run: run.record for run in runs}
    rows: list[dict[str, Any]] = []
    for row in rows_of(frame[(frame.status == "complete") & frame.devel_f1.notna()]):
        stage = records[row.run].stage(FINETUNE)
        cell = {axis: getattr(row, axis) for axis in CELL}
        for epoch, look in enumerate(() if stage is None else stage.looks, 1):
            rows.append(cell | {"epoch": epoch, "step": look.step, "f1": look.f1[row.target]})
    table = pd.DataFrame(rows, columns=[*CELL, "epoch", "step", "f1"]).astype({"f1": float})
    return (
        table.groupby([*CELL, "epoch"], sort=False)
        .agg(step=("step", "mean"), f1=("f1", "mean"), std=("f1", "std"), n=("f1", "size"))
        .reset_index()
    )
