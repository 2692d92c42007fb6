"""What `bioner evaluate` found: every head on the datasets that it was scored on."""

import json
from collections.abc import Sequence
from typing import Any

import pandas as pd

from bioner.report.frame import CELL, rows_of
from bioner.report.study import Problem, Run
from bioner.runs.record import Record

_KEYS = [*CELL, "dataset", "split"]
_SCORES = ["f1", "precision", "recall", "partial_f1", "overlap_f1"]


def cross(frame: pd.DataFrame, runs: Sequence[Run]) -> tuple[pd.DataFrame, list[Problem]]:
    """Return a row per cell, evaluated dataset and split; `target` is the head's own dataset.

    Scores are means over the runs. `sentences` are those of the split that are long enough to be
    compared, `trained_on` the most of them that one of the runs was trained on; it is missing where
    that is not known of every run.

    Args:
        frame: of the runs that may be compared.
        runs: of the study.

    Returns:
        The rows, and a problem for each run whose dataset has another content, or other types
        scored, than most runs' have, or nothing to score.
    """
    records = {run.record.run: run.record for run in runs}
    done = frame[frame.status == "complete"]
    found = pd.DataFrame(
        [
            {"run": row.run} | {axis: getattr(row, axis) for axis in CELL} | one
            for row in rows_of(done)
            for one in _evaluated(records[row.run], row.target)
        ],
        columns=["run", *_KEYS, "content", *_SCORES, "support", "sentences", "trained_on"],
    )
    empty = found[found.support == 0]
    found = found[found.support > 0]
    unscored = [
        Problem("not scored", row.run, f"{row.dataset} {row.split} has no mention to find")
        for row in rows_of(empty)
    ]
    most = found.groupby(["target", "dataset", "split"]).content.transform(_most)
    says = "was evaluated with other content or types than in most runs"
    problems = [
        Problem("incompatible", row.run, f"{row.dataset} {row.split} {says}")
        for row in rows_of(found[found.content != most])
    ]
    cells = found[found.content == most].groupby(_KEYS, sort=False)
    table = cells.agg(
        n=("run", "size"),
        std=("f1", "std"),
        **{name: (name, "mean") for name in _SCORES},
        support=("support", "first"),
        sentences=("sentences", "first"),
        trained_on=("trained_on", lambda counts: counts.max(skipna=False)),
    ).reset_index()
    return table, [*problems, *unscored]


def _most(contents: pd.Series) -> str:
    counts = contents.value_counts()
    return str(max(counts[counts == counts.max()].index))


def _evaluated(record: Record, head: str) -> list[dict[str, Any]]:
    return [
        {
            "dataset": name,
            "split": split,
            "content": json.dumps([cell.sha256, cell.types], sort_keys=True),
            **{key: getattr(cell.strict, key) for key in ("f1", "precision", "recall", "support")},
            **{f"{kind}_f1": cell.partial[kind].f1 for kind in ("partial", "overlap")},
            "sentences": cell.leakage and cell.leakage.sentences,
            "trained_on": cell.leakage and cell.leakage.trained_on,
        }
        for name, splits in record.cross.get(head, {}).items()
        for split, cell in splits.items()
    ]


def cross_matrix(table: pd.DataFrame, split: str) -> pd.DataFrame:
    """Return one split of `cross` as a matrix: a row per cell, for each dataset two columns.

    `DATASET` is the mean strict F1, `DATASET trained on` the share of the dataset's sentences that
    a run was trained on.
    """
    rows = table[table.split == split]
    rows = rows.assign(share=(rows.trained_on / rows.sentences.clip(lower=1)).astype(float))
    f1, shares = (rows.pivot(index=CELL, columns="dataset", values=one) for one in ("f1", "share"))
    return f1.join(shares.add_suffix(" trained on")).reset_index()
