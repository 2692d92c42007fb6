"""A drawn figure: how it looks everywhere, what its parts say on hover, and its files."""

import io
import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.artist import Artist
from matplotlib.figure import Figure

INK = "#1b1d21"
"""Of text and axes; on the page it follows the theme."""
FAINT = "#8a8f98"

# Okabe and Ito 2008, "Color universal design": told apart by colour-blind readers as well.
COLOURS = {"single": "#7a7a7a", "mtl": "#E69F00", "transfer": "#0072B2", "transfer_mtl": "#009E73"}
KIND_COLOURS = {
    "correct": "#009E73",
    "type": "#CC79A7",
    "boundary": "#56B4E9",
    "boundary and type": "#F0E442",
    "missed": "#E69F00",
    "spurious": "#D55E00",
}
MARKERS = {"single": "o", "mtl": "s", "transfer": "^", "transfer_mtl": "D"}
DIVERGING = "PuOr_r"
"""Orange for gains, purple for losses; safe for the colour-blind."""

STYLE: dict[Any, Any] = {
    "font.family": ["DejaVu Sans"],
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.labelsize": 9,
    "legend.fontsize": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.7,
    "legend.frameon": False,
    "figure.constrained_layout.use": True,
    "figure.constrained_layout.w_pad": 0.08,
    "figure.dpi": 300,  # of the layout: at fewer, hinting makes text narrower than it is drawn
    "svg.fonttype": "none",
    "svg.hashsalt": "bioner",
    "pdf.fonttype": 42,  # text stays text; journals refuse type 3
    **dict.fromkeys(
        (
            "text.color",
            "axes.edgecolor",
            "axes.labelcolor",
            "xtick.color",
            "ytick.color",
            "axes.titlecolor",
        ),
        INK,
    ),
}


@dataclass
class Drawing:
    """A figure of a report.

    Attributes:
        name: of its files.
        caption: what is to be seen.
        figure: the drawn figure; an empty one when it was saved.
        tips: what a part says on hover, under the part's id.
        svg: the vector form, with the tips, for the page, once it was saved.
    """

    name: str
    caption: str
    figure: Figure
    tips: dict[str, str] = field(default_factory=dict)
    svg: str = ""

    def tip(self, artist: Artist, says: str) -> None:
        """Let a part say something on hover."""
        key = f"tip{len(self.tips)}"
        artist.set_gid(key)
        self.tips[key] = says


@contextmanager
def style() -> Iterator[None]:
    """Draw as all figures of a report are drawn."""
    with mpl.rc_context(STYLE):
        yield


def save(drawing: Drawing, folder: Path) -> str:
    """Write `NAME.svg`, `NAME.pdf` and `NAME.png`, and return the form for the page."""
    engine = drawing.figure.get_layout_engine()
    logging.getLogger("fontTools").setLevel(logging.WARNING)  # it tells each step of a PDF's fonts
    with style(), mpl.rc_context({"figure.constrained_layout.use": False}):
        if engine is not None:
            engine.execute(drawing.figure)
        # Laid out for good: with an engine left, even one that does nothing, each file would draw
        # the figure twice. None takes what the settings say.
        drawing.figure.set_layout_engine(None)
        text = io.StringIO()
        drawing.figure.savefig(text, format="svg", transparent=True, metadata={"Date": None})
        made_never = {"CreationDate": None}  # the same figure is the same file
        drawing.figure.savefig(folder / f"{drawing.name}.pdf", metadata=made_never)
        drawing.figure.savefig(folder / f"{drawing.name}.png", dpi=150, facecolor="white")
    plain = text.getvalue()
    titled = _with_tips(plain, lambda key, says: f'<g id="{key}"><title>{says}</title>', drawing)
    (folder / f"{drawing.name}.svg").write_text(titled, encoding="utf-8")
    drawing.figure = Figure()  # a report of many figures would keep them all in memory
    return _for_page(plain, drawing)


def _with_tips(svg: str, opening: Callable[[str, str], str], drawing: Drawing) -> str:
    def replaced(match: re.Match[str]) -> str:
        return opening(match[1], escape(drawing.tips[match[1]], quote=True))

    return re.sub(r'<g id="(tip\d+)">', replaced, svg)


def _for_page(svg: str, drawing: Drawing) -> str:
    """Return the `<svg>` element alone: ids of its own, the theme's ink, tips for the script."""
    body = svg[svg.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    width, height = (
        float(re.search(rf'{side}="([\d.]+)pt"', body)[1])  # type: ignore[index]
        for side in ("width", "height")
    )
    body = re.sub(
        r"<svg[^>]*>",
        f'<svg xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 {width} {height}" '
        f'style="width: {width / 72 * 96:.0f}px" role="img" '
        f'aria-label="{escape(drawing.caption, quote=True)}">',
        body,
        count=1,
    )
    body = _with_tips(
        body, lambda key, says: f'<g class="tip" tabindex="0" data-tip="{says}">', drawing
    )
    body = re.sub(r'\bid="([^"]+)"', rf'id="{drawing.name}-\1"', body)
    body = re.sub(r'(href="#|url\(#)([^")]+)', rf"\1{drawing.name}-\2", body)
    # The theme's ink and paper, and a lighter blue of the same palette on dark paper.
    for printed, themed in (
        (INK, "currentColor"),
        ("#0072b2", "var(--blue)"),
        ("stroke: #ffffff", "stroke: var(--paper)"),
    ):
        body = body.replace(printed, themed)
    return body
