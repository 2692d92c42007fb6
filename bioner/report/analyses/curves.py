"""Learning curves over the train size, and the labels that a regime saves."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from bioner.report.analyses.scores import Draws
from bioner.report.frame import CELL, REPLICATE, by_cell
from bioner.report.resampling import over_seeds

CURVE = [key for key in CELL if key != "size"]


def curves(scores: pd.DataFrame) -> pd.DataFrame:
    """Return the points of every curve that has at least two train sizes, by size.

    Args:
        scores: of `bioner.report.analyses.scores.scores`.
    """
    done = scores[scores.n > 0]
    points = done.groupby(CURVE, sort=False)["size"].transform("nunique")
    return done[points >= 2].sort_values([*CURVE, "train_sentences"], ignore_index=True)


def label_saving(
    frame: pd.DataFrame, scores: pd.DataFrame, draws: Draws, seed: int
) -> pd.DataFrame:
    """Return for each point the share of the target's sentences with which `single` does as well.

    `equal_share` is the smallest share at which the curve of `single`, linear in the logarithm of
    the share between the sizes that were run, reaches the point's mean F1: infinite where no size
    that was run reaches it, and the smallest size where that one does already.

    Args:
        frame: comparable rows, whose runs the draws are of.
        scores: of `bioner.report.analyses.scores.scores`.
        draws: for the intervals.
        seed: of the redrawing of seeds; cells with as many seeds are redrawn alike.
    """
    done = frame[frame.status == "complete"]
    cells = by_cell(done, ["run", *REPLICATE, "as_single"])
    drawn = {cell: _draw(part, draws, seed) for cell, part in cells.items()}
    base = scores[(scores.regime == "single") & (scores.n > 0)].sort_values("share")
    lines = {
        key: (line, [drawn[tuple(one)] for one in line[CELL].itertuples(index=False)])
        for key, line in base.groupby(["target", "encoder", "variant"])
    }
    rows = []
    for row in scores[(scores.n > 0) & (scores.regime != "single")].to_dict("records"):
        cell = tuple(row[key] for key in CELL)
        line, theirs = lines.get(
            (row["target"], row["encoder"], cells[cell][0]["as_single"]), (base.iloc[:0], [])
        )
        if len(line) >= 2:
            rows.append(row | _saving(row, line, drawn[cell], theirs))
    columns = [*CELL, "n", "share", "f1", "equal_share", "low", "high", "factor"]
    return pd.DataFrame(rows, columns=columns)


def _saving(
    row: Mapping[Any, Any],
    line: pd.DataFrame,
    ours: np.ndarray | None,
    theirs: Sequence[np.ndarray | None],
) -> dict[str, float]:
    shares = line.share.to_numpy()
    equal = float(reach(shares, line.f1.to_numpy()[None, :], np.array([row["f1"]]))[0])
    low = high = np.nan
    known = [one for one in theirs if one is not None]
    if ours is not None and len(known) == len(theirs):
        # Quantiles of whole draws: between a number and infinity there is none to interpolate.
        spread = np.sort(reach(shares, np.stack(known, axis=1), ours))
        low, high = (float(spread[int(q * (len(spread) - 1))]) for q in (0.025, 0.975))
    return {"equal_share": equal, "low": low, "high": high, "factor": equal / row["share"]}


def _draw(rows: Sequence[Mapping[Any, Any]], draws: Draws, seed: int) -> np.ndarray | None:
    keys = [(row["target"], row["run"]) for row in sorted(rows, key=_replicate)]
    if not all(key in draws for key in keys):
        return None
    return over_seeds(np.stack([draws[key] for key in keys]), seed)


def _replicate(row: Mapping[Any, Any]) -> list[int]:
    return [int(row[key]) for key in REPLICATE]


def reach(shares: np.ndarray, curves: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Return the smallest share at which each curve reaches what is wanted.

    Args:
        shares: `[sizes]`, rising.
        curves: `[samples, sizes]`, F1 at those shares; linear in log(share) between them.
        wanted: `[samples]`.

    Returns:
        `[samples]`; infinite where the curve stays below.
    """
    found = np.full(len(wanted), np.inf)
    logs = np.log(shares)
    for k in range(len(shares) - 1, 0, -1):
        low, high = curves[:, k - 1], curves[:, k]
        inside = (low < wanted) & (wanted <= high)
        part = np.divide(wanted - low, high - low, out=np.zeros_like(wanted), where=inside)
        found = np.where(inside, np.exp(logs[k - 1] + part * (logs[k] - logs[k - 1])), found)
    return np.where(curves[:, 0] >= wanted, shares[0], found)
