"""A figure for each measure: sources as rows, targets as columns."""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from bioner.machine.writing import whole
from bioner.transferability.registry import Larger, Measure


def draw_heatmaps(table: pd.DataFrame, measures: dict[str, Measure], folder: Path) -> list[Path]:
    """Draw `MEASURE.png`, or `MEASURE.VIEW.png`, for each measure and view of a table.

    Dark is close, whichever way the measure runs.

    Args:
        table: columns `MEASURE_COLUMNS`.
        measures: those that are drawn.
        folder: where the files go; made if it is not there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for (name, view), rows in table.groupby(["measure", "view"]):
        if name in measures:
            files.append(folder / f"{name}{'.' * bool(view)}{view}.png")
            values = rows.pivot(index="source", columns="target", values="value")
            _draw(values, measures[str(name)], str(view), files[-1])
    return files


def _draw(values: pd.DataFrame, measure: Measure, view: str, file: Path) -> None:
    width, height = 3.5 + 0.75 * values.shape[1], 2.0 + 0.4 * values.shape[0]
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    colours = "Blues" if measure.larger == Larger.closer else "Blues_r"
    cells = values.to_numpy(dtype=float)
    axes.imshow(cells, cmap=colours, aspect="auto")
    low, high = np.nanmin(cells), np.nanmax(cells)
    for row, column in np.argwhere(np.isfinite(cells)):
        value = cells[row, column]
        share = (value - low) / (high - low) if high > low else 0.0
        dark = share > 0.5 if colours == "Blues" else share < 0.5
        axes.text(
            column,
            row,
            f"{value:.3g}",
            ha="center",
            va="center",
            fontsize=7,
            color="white" if dark else "black",
        )
    axes.set_xticks(range(values.shape[1]), values.columns, rotation=40, ha="right", fontsize=8)
    axes.set_yticks(range(values.shape[0]), values.index, fontsize=8)
    axes.set_xlabel("target")
    axes.set_ylabel("source")
    axes.set_title(
        f"{measure.name}{f' ({view})' if view else ''}\n{measure.says}; larger is {measure.larger}",
        fontsize=8,
        wrap=True,
    )
    with whole(file) as temporary:
        figure.savefig(temporary, dpi=120, format="png")
