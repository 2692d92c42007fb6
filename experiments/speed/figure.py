"""The figure: how many times faster bioner is, a bar a peer, a group a corpus."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure
from tables import OURS, Row, faster


def draw(rows: Sequence[Row], file: Path) -> None:
    """Draw medians with the spread over the rounds, a panel for each phase and precision."""
    panels = list(dict.fromkeys((row.phase, row.precision) for row in rows))
    figure = Figure(figsize=(5 * len(panels), 3.5), layout="constrained")
    axes = figure.subplots(1, len(panels), squeeze=False)[0]
    corpora = list(dict.fromkeys(row.corpus for row in rows))
    peers = [peer for peer in dict.fromkeys(row.peer for row in rows) if peer != OURS]
    for axis, (phase, precision) in zip(axes, panels, strict=True):
        for place, peer in enumerate(peers):
            found = []
            for corpus in corpora:
                mine = [row for row in rows if (row.corpus, row.precision) == (corpus, precision)]
                if peer in (ratios := faster(mine, phase)):
                    found.append((corpora.index(corpus), ratios[peer]))
            width = 0.8 / len(peers)
            axis.bar(
                [group + place * width for group, _ in found],
                [r.median for _, r in found],
                width,
                yerr=[[r.median - r.low for _, r in found], [r.high - r.median for _, r in found]],
                label=peer,
                capsize=2,
            )
        axis.axhline(1, color="black", linewidth=0.8)
        axis.set_xticks([i + 0.4 - 0.4 / len(peers) for i in range(len(corpora))], corpora)
        axis.set_title(f"{phase}, {precision}")
        axis.set_ylabel("bioner is faster by")
    axes[0].legend(frameon=False)
    figure.savefig(file, dpi=150)
