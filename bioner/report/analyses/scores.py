"""Test scores of every cell: seeds and folds taken together, what is missing shown as missing."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from bioner.report.frame import CELL, LEFT_OUT, REPLICATE, by_cell, rows_of
from bioner.report.resampling import interval, over_seeds

Draws = Mapping[tuple[str, str], np.ndarray]
"""(target, run) → `[samples]`, test F1 on resampled units."""

_RUN = ("run", "status", *REPLICATE, "collapsed", "f1")
LOST = ("failed", "diverged", "unfinished", LEFT_OUT)
"""What may have become of a run that has no score."""

_MEANS = ("precision", "recall", "devel_f1", "train_sentences", "share")


def scores(frame: pd.DataFrame, draws: Draws, seed: int) -> pd.DataFrame:
    """Return a row per cell: runs, seeds, F1 (mean, std, best, interval), and what was lost.

    Collapsed runs count in all but what ends in `_without`. A cell without a complete run is there
    if the study asked for a run of it, and so is the `single` that a complete cell would be
    compared with.
    """
    rows = [
        dict(zip(CELL, cell, strict=True)) | _row(part, draws, seed)
        for cell, part in by_cell(frame, [*_RUN, *_MEANS]).items()
    ]
    there = {tuple(row[key] for key in CELL) for row in rows}
    complete = frame[frame.status == "complete"]
    needed = complete[["target", "encoder", "size", "as_single"]].drop_duplicates()
    for need in rows_of(needed):
        cell = ("single", need.target, "", "", need.encoder, "", need.size, need.as_single)
        if cell not in there:
            rows.append(dict(zip(CELL, cell, strict=True)) | _row([], draws, seed))
    columns = [
        *CELL,
        "n",
        "seeds",
        "f1",
        "std",
        "best",
        "low",
        "high",
        "precision",
        "recall",
        "devel_f1",
        "train_sentences",
        "share",
        *LOST,
        "collapsed",
        "f1_without",
        "std_without",
        "low_without",
        "high_without",
    ]
    return pd.DataFrame(rows, columns=columns)


def _row(part: Sequence[Mapping[Any, Any]], draws: Draws, seed: int) -> dict[str, object]:
    done = [row for row in part if row["status"] == "complete"]
    kept = [row for row in done if not row["collapsed"]]
    low, high = _interval(done, draws, seed)
    low_kept, high_kept = (low, high) if len(kept) == len(done) else _interval(kept, draws, seed)
    states = [row["status"] for row in part]
    return {
        "n": len(done),
        "seeds": named_seeds(done),
        "f1": mean(done, "f1"),
        "std": deviation(done, "f1"),
        "best": max((row["f1"] for row in done), default=np.nan),
        "low": low,
        "high": high,
        **{key: mean(done, key) for key in _MEANS},
        **{state: states.count(state) for state in LOST},
        "collapsed": len(done) - len(kept),
        "f1_without": mean(kept, "f1"),
        "std_without": deviation(kept, "f1"),
        "low_without": low_kept,
        "high_without": high_kept,
    }


def left_out(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the cells of which a packed study asked for runs that it does not hold."""
    rows = frame[frame.status == LEFT_OUT]
    return pd.DataFrame(
        [
            dict(zip(CELL, cell, strict=True)) | {"n": len(part), "seeds": named_seeds(part)}
            for cell, part in by_cell(rows, REPLICATE).items()
        ],
        columns=[*CELL, "n", "seeds"],
    )


def _interval(rows: Sequence[Mapping[Any, Any]], draws: Draws, seed: int) -> tuple[float, float]:
    keys = [(row["target"], row["run"]) for row in rows]
    if not keys or not all(key in draws for key in keys):
        return np.nan, np.nan
    drawn = over_seeds(np.stack([draws[key] for key in keys]), seed)
    return interval(np.clip(drawn, 0, 1))


def named_seeds(rows: Sequence[Mapping[Any, Any]]) -> str:
    """Return the seeds of some runs; `1/2` where another seed than the run's drew its sentences.

    Of folds these are said too: `1,2 in folds 1,2,3`, with `;` between folds of other seeds.
    """
    one_subset = len({row["subset_seed"] for row in rows}) == 1
    of_fold: dict[int, list[str]] = {}
    for fold, seed, subset in sorted((r["fold"], r["seed"], r["subset_seed"]) for r in rows):
        name = str(seed) if one_subset or seed == subset else f"{seed}/{subset}"
        of_fold.setdefault(fold, []).append(name)
    folds: dict[str, list[str]] = {}
    for fold, names in of_fold.items():
        folds.setdefault(",".join(names), []).append(str(fold))
    return "; ".join(
        names if tested == ["0"] else f"{names} in folds {','.join(tested)}"
        for names, tested in folds.items()
    )


def mean(rows: Sequence[Mapping[Any, Any]], key: str) -> float:
    """Return the mean of what a column has, missing where it has nothing."""
    known = [row[key] for row in rows if row[key] == row[key]]
    return float(np.mean(known)) if known else np.nan


def deviation(rows: Sequence[Mapping[Any, Any]], key: str) -> float:
    """Return the standard deviation of a column's sample, missing for fewer than two rows."""
    return float(np.std([row[key] for row in rows], ddof=1)) if len(rows) > 1 else np.nan


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
