"""The figures of a report. Frames in, drawings out; no numbers are made here."""

from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import TwoSlopeNorm
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from bioner.report.drawing import COLOURS, DIVERGING, FAINT, INK, KIND_COLOURS, MARKERS, Drawing
from bioner.report.frame import REGIMES, rows_of
from bioner.report.mistake_kinds import KINDS
from bioner.report.table import share, signed


def helper(row: Any) -> str:
    """Return how a figure names what helped: `← a` from a, `+ b` with b, `←+ a` both with a."""
    if row.sources and row.sources == row.partners:
        return f"←+ {row.sources}"
    parts = [f"← {row.sources}" if row.sources else "", f"+ {row.partners}" if row.partners else ""]
    return " ".join(part for part in parts if part)


def heat_map(
    name: str, caption: str, table: pd.DataFrame, rows: str, label: str, reach: float
) -> Drawing:
    """Draw mean gains, a row per helper and a column per target; empty cells were not run.

    Args:
        name: of the files.
        caption: of the figure.
        table: rows of `bioner.report.analyses.gains.compared`.
        rows: `sources` or `partners`.
        label: of the rows.
        reach: the gain of the darkest colours, in F1 points; one for maps that are compared.
    """
    helpers, targets = sorted(table[rows].unique()), sorted(table.target.unique())
    widest = max(map(len, helpers))
    figure = Figure(
        figsize=(
            1.6 + 0.075 * widest + 0.78 * len(targets),
            1.3 + 0.42 * len(helpers) + 0.045 * max(map(len, targets)),
        )
    )
    drawing, axes = Drawing(name, caption, figure), figure.subplots()
    norm, colours = TwoSlopeNorm(0, -reach, reach), mpl.colormaps[DIVERGING]
    for row in rows_of(table):
        x, y = targets.index(row.target), helpers.index(getattr(row, rows))
        shade = colours(norm(100 * row.gain))
        cell = axes.add_patch(Rectangle((x, y), 1, 1, facecolor=shade, edgecolor="white"))
        ink = "white" if np.dot(shade[:3], (0.3, 0.59, 0.11)) < 0.5 else "#111111"
        axes.text(
            x + 0.5,
            y + 0.5,
            f"{100 * row.gain:+.1f}{row.mark}".replace("-", "−"),
            ha="center",
            va="center",
            color=ink,
            fontsize=8,
        )
        drawing.tip(cell, f"{_named(row)}: {_said(row)}")
    axes.set(xlim=(0, len(targets)), ylim=(len(helpers), 0), ylabel=label, xlabel="target")
    axes.set_xticks(
        np.arange(len(targets)) + 0.5, targets, rotation=40, ha="right", rotation_mode="anchor"
    )
    axes.set_yticks(np.arange(len(helpers)) + 0.5, helpers)
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    bar = figure.colorbar(mpl.cm.ScalarMappable(norm, colours), ax=axes, shrink=0.8, pad=0.02)
    bar.set_label("gain over single, F1 points")
    bar.outline.set_visible(False)
    return drawing


def _named(row: Any) -> str:
    return " ".join(part for part in (row.target, row.regime, helper(row)) if part)


def _said(row: Any) -> str:
    interval = "" if pd.isna(row.low) else f" [{signed(row.low)}, {signed(row.high)}]"
    seeds = f"{row.n} seed" + ("s" if row.n > 1 else "")
    return f"{signed(row.gain)} points{interval}, F1 {share(row.f1)}, {seeds}{row.mark}"


def _panels(
    count: int, across: int, width: float, heights: Sequence[float]
) -> tuple[Figure, list[Axes]]:
    """Return a figure with a panel for each of `count` things, `across` side by side."""
    across = min(across, count)
    down = -(-count // across)
    tall = [max(heights[k * across : (k + 1) * across]) for k in range(down)]
    figure = Figure(figsize=(width * across, sum(tall) + 0.5))
    axes = figure.subplots(down, across, squeeze=False, height_ratios=tall)
    found = list(axes.flat)
    for unused in found[count:]:
        unused.set_visible(False)
    return figure, found[:count]


def _legend(figure: Figure, axes: Axes, regimes: Sequence[str]) -> None:
    handles = [axes.plot([], [], MARKERS[r], color=COLOURS[r], label=r)[0] for r in regimes]
    figure.legend(handles=handles, loc="outside upper center", ncols=len(regimes))


def gain_intervals(name: str, caption: str, table: pd.DataFrame) -> Drawing:
    """Draw every cell's gain with its interval, a panel per target; of one seed hollow, dotted."""
    targets = sorted(table.target.unique())
    sizes = [0.95 + 0.2 * (table.target == target).sum() for target in targets]
    figure, panels = _panels(len(targets), 2, 4.6, sizes)
    drawing = Drawing(name, caption, figure)
    for target, axes in zip(targets, panels, strict=True):
        part = table[table.target == target].sort_values("gain").reset_index(drop=True)
        axes.axvline(0, color=FAINT, linewidth=0.8)
        for y, row in enumerate(rows_of(part)):
            colour = COLOURS[row.regime]
            line, inside = ("-", colour) if row.n > 1 else (":", "white")
            if pd.notna(row.low):
                axes.plot([100 * row.low, 100 * row.high], [y, y], line, color=colour, lw=1.6)
            (dot,) = axes.plot(
                [100 * row.gain], [y], MARKERS[row.regime], color=colour, ms=5, mfc=inside
            )
            drawing.tip(dot, f"{_named(row)}: {_said(row)}")
        labels = [helper(row) + (f" {row.mark}" if row.mark else "") for row in rows_of(part)]
        axes.set_yticks(range(len(part)), labels, fontsize=7.5)
        axes.set(title=target, xlabel="gain over single, F1 points", ylim=(-0.7, len(part) - 0.3))
    _legend(figure, panels[0], [r for r in REGIMES if r in set(table.regime)])
    return drawing


def learning_curves(name: str, caption: str, points: pd.DataFrame) -> Drawing:
    """Draw F1 over the target's train sentences with bands, a panel per target."""
    targets = sorted(points.target.unique())
    figure, panels = _panels(len(targets), 3, 3.3, [2.7] * len(targets))
    drawing = Drawing(name, caption, figure)
    for target, axes in zip(targets, panels, strict=True):
        here = points[points.target == target]
        lines: dict[tuple[str, ...], list[Any]] = {}
        for row in rows_of(here):
            lines.setdefault((row.regime, row.sources, row.partners, row.mixing), []).append(row)
        for (regime, *_), line in lines.items():
            colour, x = COLOURS[regime], [row.train_sentences for row in line]
            f1, low, high = (
                100 * np.array([getattr(row, key) for row in line]) for key in ("f1", "low", "high")
            )
            axes.fill_between(x, low, high, color=colour, alpha=0.15, lw=0)
            axes.plot(x, f1, color=colour, linewidth=1.4)
            for row in line:
                (dot,) = axes.plot(
                    [row.train_sentences], [100 * row.f1], MARKERS[regime], color=colour, ms=4.5
                )
                says = f"F1 {share(row.f1)} [{share(row.low)}, {share(row.high)}]"
                drawing.tip(dot, f"{_named(row)} at {row.size}: {says}")
        axes.set_xscale("log")
        _plain_ticks(axes, sorted(here.train_sentences.unique()))
        axes.set(title=target, xlabel="train sentences of the target", ylabel="test F1, %")
    _legend(figure, panels[0], [r for r in REGIMES if r in set(points.regime)])
    return drawing


def devel_over_updates(name: str, caption: str, curves: pd.DataFrame) -> Drawing:
    """Draw devel F1 over the updates of fine-tuning, a panel per target, a line per cell."""
    targets = sorted(curves.target.unique())
    figure, panels = _panels(len(targets), 3, 3.3, [2.7] * len(targets))
    drawing = Drawing(name, caption, figure)
    for target, axes in zip(targets, panels, strict=True):
        here = curves[curves.target == target]
        for _, cell in here.groupby(["regime", "sources", "partners"], sort=False):
            last = cell.iloc[-1]
            marker, colour = MARKERS[last.regime], COLOURS[last.regime]
            (line,) = axes.plot(cell.step, 100 * cell.f1, marker, ls="-", color=colour, ms=3, lw=1)
            drawing.tip(line, f"{_named(last)}: devel F1 {share(last.f1)} at the end")
        axes.set(title=target, xlabel="updates", ylabel="devel F1, %")
    _legend(figure, panels[0], [r for r in REGIMES if r in set(curves.regime)])
    return drawing


def _plain_ticks(axes: Axes, places: Sequence[float]) -> None:
    axes.set_xticks(places, [f"{int(x):,}" for x in places], rotation=30)
    axes.set_xticks([], minor=True)


def error_kinds(name: str, caption: str, table: pd.DataFrame) -> Drawing:
    """Draw the shares of each kind of error, a panel per target and a bar per regime.

    Args:
        name: of the files.
        caption: of the figure.
        table: rows of `bioner.report.analyses.mistakes.by_kind`, of one encoder, size and variant.
    """
    wrong = [kind for kind in KINDS if kind != "correct"]
    shares = table.groupby(["target", "regime"])[wrong].mean()
    targets = sorted(table.target.unique())
    figure, panels = _panels(len(targets), 2, 4.4, [1.5] * len(targets))
    drawing = Drawing(name, caption, figure)
    for target, axes in zip(targets, panels, strict=True):
        rows = shares.loc[target].reindex(REGIMES[::-1]).dropna(how="all")
        for y, (regime, values) in enumerate(zip(rows.index, 100 * rows.to_numpy(), strict=True)):
            left = 0.0
            for kind, value in zip(wrong, values, strict=True):
                bar = axes.add_patch(
                    Rectangle((left, y - 0.35), value, 0.7, color=KIND_COLOURS[kind])
                )
                drawing.tip(bar, f"{target} {regime}: {kind} {value:.2f} per 100 gold mentions")
                left += value
        axes.set_yticks(range(len(rows)), rows.index)
        widest = 100 * float(rows.sum(axis=1).max()) or 1.0
        axes.set(
            title=target,
            xlabel="errors per 100 gold mentions",
            xlim=(0, 1.05 * widest),
            ylim=(-0.6, len(rows) - 0.4),
        )
    handles = [Rectangle((0, 0), 1, 1, color=KIND_COLOURS[kind], label=kind) for kind in wrong]
    across = len(wrong) if len(targets) > 1 else 3  # one panel has no room for all
    figure.legend(handles=handles, loc="outside upper center", ncols=across)
    return drawing


def measure_scatter(name: str, caption: str, points: pd.DataFrame, order: Sequence[str]) -> Drawing:
    """Draw gains over the values of each measure, a panel per measure and view.

    Args:
        name: of the files.
        caption: of the figure.
        points: of `bioner.report.analyses.measured.points`, with a column `panel`.
        order: the panels to draw, best first.
    """
    figure, panels = _panels(len(order), 3, 3.1, [2.5] * len(order))
    drawing = Drawing(name, caption, figure)
    for panel, axes in zip(order, panels, strict=True):
        axes.axhline(0, color=FAINT, linewidth=0.8)
        for row in rows_of(points[points.panel == panel]):
            if pd.notna(row.low):
                axes.plot([row.value] * 2, [100 * row.low, 100 * row.high], color=FAINT, lw=0.8)
            (dot,) = axes.plot(
                [row.value],
                [100 * row.gain],
                MARKERS[row.regime],
                color=COLOURS[row.regime],
                ms=4.5,
            )
            drawing.tip(dot, f"{_named(row)}: {panel} {row.value:.4g}, {_said(row)}")
        axes.set(title=panel, ylabel="gain, F1 points")
        axes.title.set_color(INK)
    return drawing
