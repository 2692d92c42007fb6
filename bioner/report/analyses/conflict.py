"""What `finetune.conflict_every` found: whether tasks that train together pull the same way."""

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from bioner.report.frame import CELL, rows_of
from bioner.report.study import Run
from bioner.runs.record import Record

ALL = "all shared weights"
"""The part that is all of them."""

_COLUMNS = ["run", *CELL, "first", "second", "part", "cosine", "looks"]


def conflict(frame: pd.DataFrame, runs: Sequence[Run]) -> pd.DataFrame:
    """Return a row for each cell, pair of its tasks and part of the shared weights.

    `cosine` is the mean over the runs of each one's mean over its looks, `std` their deviation.

    Args:
        frame: of the runs that may be compared.
        runs: of the study.
    """
    records = {run.record.run: run.record for run in runs}
    found = pd.DataFrame(
        [
            {"run": row.run} | {axis: getattr(row, axis) for axis in CELL} | one
            for row in rows_of(frame[frame.status == "complete"])
            for one in _found(records[row.run])
        ],
        columns=_COLUMNS,
    )
    cells = found.groupby([*CELL, "first", "second", "part"], sort=False)
    return cells.agg(
        n=("run", "size"), cosine=("cosine", "mean"), std=("cosine", "std"), looks=("looks", "sum")
    ).reset_index()


def _found(record: Record) -> Iterator[dict[str, Any]]:
    for stage in record.stages:
        if stage.conflict is None:
            continue
        for part, pairs in {ALL: stage.conflict.overall, **stage.conflict.parts}.items():
            for first, of in pairs.items():
                for second, cosine in of.items():
                    about = {"part": part, "cosine": cosine, "looks": stage.conflict.looks}
                    yield {"first": first, "second": second, **about}
