"""Test scores of every cell: seeds taken together, what is missing shown as missing."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from bioner.report.frame import CELL, rows_of
from bioner.report.resampling import interval, over_seeds

Draws = Mapping[tuple[str, str], np.ndarray]
"""(target, run) → `[samples]`, test F1 on resampled units."""


def scores(frame: pd.DataFrame, draws: Draws, seed: int) -> pd.DataFrame:
    """Return a row per cell: runs, seeds, F1 (mean, std, best, interval), failed, unfinished.

    A cell without a complete run is there if a run of it failed or is unfinished, and so is the
    `single` that a complete cell would be compared with.
    """
    rows = [
        dict(zip(CELL, cell, strict=True)) | _row(part, draws, seed)
        for cell, part in frame.groupby(CELL, sort=False)
    ]
    there = {tuple(row[key] for key in CELL) for row in rows}
    complete = frame[frame.status == "complete"]
    needed = complete[["target", "encoder", "size", "as_single"]].drop_duplicates()
    for need in rows_of(needed):
        cell = ("single", need.target, "", "", need.encoder, "", need.size, need.as_single)
        if cell not in there:
            rows.append(dict(zip(CELL, cell, strict=True)) | _row(frame.iloc[:0], draws, seed))
    columns = [*CELL, "n", "seeds", "f1", "std", "best", "low", "high", "precision", "recall",
               "devel_f1", "train_sentences", "share", "failed", "unfinished"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _row(part: pd.DataFrame, draws: Draws, seed: int) -> dict[str, object]:
    done = part[part.status == "complete"]
    keys = [(row.target, row.run) for row in rows_of(done)]
    known = bool(keys) and all(key in draws for key in keys)
    low = high = np.nan
    if known:
        drawn = over_seeds(np.stack([draws[key] for key in keys]), seed)
        low, high = interval(np.clip(drawn, 0, 1))
    return {
        "n": len(done),
        "seeds": ",".join(map(str, sorted(done.seed))),
        "f1": done.f1.mean(),
        "std": done.f1.std(),
        "best": done.f1.max(),
        "low": low,
        "high": high,
        **{key: done[key].mean() for key in ("precision", "recall", "devel_f1",
                                            "train_sentences", "share")},
        "failed": int((part.status == "failed").sum()),
        "unfinished": int((part.status == "unfinished").sum()),
    }  # fmt: skip


def seen_and_unseen(frame: pd.DataFrame) -> pd.DataFrame:
    """Return F1 on mentions that training has shown and on others, per cell, seeds averaged."""
    done = frame[frame.status == "complete"]
    cells = done.groupby(CELL, sort=False)
    return (
        cells.agg(
            n=("run", "size"),
            seen_share=("seen_support", "sum"),
            support=("support", "sum"),
            seen=("seen_f1", "mean"),
            seen_std=("seen_f1", "std"),
            unseen=("unseen_f1", "mean"),
            unseen_std=("unseen_f1", "std"),
        )
        .assign(seen_share=lambda t: t.seen_share / t.support)
        .drop(columns="support")
        .reset_index()
    )
