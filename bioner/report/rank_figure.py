"""The critical-difference diagram: mean ranks, and which of them can't be told apart."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bioner.report.drawing import COLOURS, INK, MARKERS, Drawing
from bioner.report.frame import rows_of


def rank_diagram(name: str, caption: str, table: pd.DataFrame) -> Drawing:
    """Draw mean ranks on a line, a bar over each group that can't be told apart (Demšar 2006).

    Args:
        name: of the files.
        caption: of the figure.
        table: rows of `bioner.report.analyses.regimes.mean_ranks` of one place.
    """
    rows = list(rows_of(table.sort_values("rank")))
    ranks, critical = np.array([row.rank for row in rows]), float(table.critical.iloc[0])
    groups = indistinct(ranks, critical)
    below = 0.35 * len(groups) + 0.55 * -(-len(rows) // 2) + 0.4
    figure = Figure(figsize=(5.2, 0.45 * (below + 1.9)))
    drawing, axes = Drawing(name, caption, figure), figure.subplots()
    low = len(rows)
    axes.plot([1, low], [0, 0], color=INK, linewidth=0.8)
    for tick in range(1, low + 1):
        axes.plot([tick, tick], [0, 0.12], color=INK, linewidth=0.8)
        axes.text(tick, 0.25, str(tick), ha="center", va="bottom", fontsize=8)
    axes.plot([1, 1 + critical], [1.15, 1.15], color=INK, linewidth=1.6)
    axes.text(1, 1.3, f"critical difference {critical:.2f}", va="bottom", fontsize=8)
    for level, (first, last) in enumerate(groups):
        y = -0.3 - 0.35 * level
        axes.plot([ranks[first] - 0.03, ranks[last] + 0.03], [y, y], color=INK, linewidth=3)
    _label(drawing, axes, rows, -0.35 * len(groups))
    axes.set(xlim=(-0.1, low + 1.1), ylim=(-below, 1.9))
    axes.set_axis_off()
    return drawing


def _label(drawing: Drawing, axes: Axes, rows: Sequence[Any], top: float) -> None:
    """Name each regime beside the line, the better half on the left."""
    low = len(rows)
    for place, row in enumerate(rows):
        left = place < len(rows) / 2
        depth = place if left else len(rows) - 1 - place
        y = top - 0.55 * (depth + 1)
        edge = 0.75 if left else low + 0.25
        axes.plot([row.rank, row.rank, edge], [0, y, y], color=COLOURS[row.regime], linewidth=1)
        (dot,) = axes.plot([row.rank], [0], MARKERS[row.regime], color=COLOURS[row.regime], ms=5)
        drawing.tip(dot, f"{row.regime}: mean rank {row.rank:.2f} over {row.targets} targets")
        words = f"{row.regime} {row.rank:.2f}"
        axes.text(
            edge,
            y,
            f"{words} " if left else f" {words}",
            va="center",
            fontsize=8.5,
            ha="right" if left else "left",
        )


def indistinct(ranks: np.ndarray, critical: float) -> list[tuple[int, int]]:
    """Return the first and last of each largest group of sorted ranks within the difference."""
    groups: list[tuple[int, int]] = []
    for first, rank in enumerate(ranks):
        last = int(np.searchsorted(ranks, rank + critical, side="right")) - 1
        if last > first and (not groups or last > groups[-1][1]):
            groups.append((first, last))
    return groups
