"""Draws the regimes and their stages, once for light pages and once for dark ones.

python experiments/demo/regimes.py    # regimes_light.svg and regimes_dark.svg, beside this file
"""

from collections.abc import Iterator
from pathlib import Path

WIDTH, ROW, TOP = 860, 62, 46
PRETRAIN, FINETUNE, SCORE = 160, 410, 720
BOX = 210
REGIMES = {
    "single": ([], ["target"]),
    "transfer": (["source"], ["target"]),
    "mtl": ([], ["target", "auxiliary"]),
    "transfer_mtl": (["source"], ["target", "auxiliary"]),
}
PALETTES = {
    "light": {
        "text": "#1f2328",
        "soft": "#59636e",
        "box": "#f6f8fa",
        "line": "#8c959f",
        "source": "#bc4c00",
        "target": "#0969da",
        "auxiliary": "#1a7f37",
        "chip": "#ffffff",
    },
    "dark": {
        "text": "#f0f6fc",
        "soft": "#9198a1",
        "box": "#1c2128",
        "line": "#6e7681",
        "source": "#f0883e",
        "target": "#58a6ff",
        "auxiliary": "#3fb950",
        "chip": "#0d1117",
    },
}


def picture(colours: dict[str, str]) -> str:
    """Return the SVG in these colours."""
    height = TOP + ROW * len(REGIMES) + 34
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'width="{WIDTH}" height="{height}" role="img" aria-labelledby="title" '
        'font-family="-apple-system, Segoe UI, Helvetica, Arial, sans-serif" font-size="14">',
        '<title id="title">The regimes: which stages a run has, and what each trains on</title>',
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
        f'markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8Z" fill="{colours["line"]}"/>'
        "</marker></defs>",
        _text(20, 26, "regime", colours["soft"]),
        _text(PRETRAIN, 26, "stage: pretrain", colours["soft"]),
        _text(FINETUNE, 26, "stage: finetune", colours["soft"]),
        _text(SCORE, 26, "result", colours["soft"]),
    ]
    for row, (regime, (before, together)) in enumerate(REGIMES.items()):
        lines += _regime(regime, before, together, TOP + ROW * row, colours)
    below = TOP + ROW * len(REGIMES) + 20
    says = "Each stage hands its encoder on; every dataset has a head of its own. "
    says += "Devel of the target selects, test is scored once."
    lines.append(_text(20, below, says, colours["soft"], size=13))
    return "\n".join([*lines, "</svg>"]) + "\n"


def _regime(
    regime: str, before: list[str], together: list[str], top: int, colours: dict[str, str]
) -> Iterator[str]:
    middle = top + 22
    yield _text(20, middle + 5, regime, colours["text"], weight=600)
    if before:
        yield from _stage(PRETRAIN, top, before, colours)
        yield _arrow(PRETRAIN + BOX, FINETUNE, middle, colours)
    else:
        yield _text(PRETRAIN + 12, middle + 5, "–", colours["soft"])
    yield from _stage(FINETUNE, top, together, colours)
    yield _arrow(FINETUNE + BOX, SCORE, middle, colours)
    yield _text(SCORE + 8, middle + 5, "F1 on the target", colours["text"])


def _stage(left: int, top: int, datasets: list[str], colours: dict[str, str]) -> Iterator[str]:
    yield (
        f'<rect x="{left}" y="{top}" width="{BOX}" height="44" rx="8" '
        f'fill="{colours["box"]}" stroke="{colours["line"]}"/>'
    )
    for number, name in enumerate(datasets):
        x = left + 12 + number * 96
        yield (
            f'<rect x="{x}" y="{top + 9}" width="88" height="26" rx="13" '
            f'fill="{colours["chip"]}" stroke="{colours[name]}" stroke-width="1.5"/>'
        )
        yield _text(x + 44, top + 27, name, colours[name], anchor="middle", weight=600)


def _arrow(start: int, end: int, y: int, colours: dict[str, str]) -> str:
    return (
        f'<path d="M{start + 4} {y}H{end - 4}" stroke="{colours["line"]}" '
        'stroke-width="1.5" fill="none" marker-end="url(#tip)"/>'
    )


def _text(
    x: int, y: int, says: str, colour: str, anchor: str = "start", weight: int = 400, size: int = 14
) -> str:
    return (
        f'<text x="{x}" y="{y}" fill="{colour}" text-anchor="{anchor}" '
        f'font-weight="{weight}" font-size="{size}">{says}</text>'
    )


if __name__ == "__main__":
    for name, colours in PALETTES.items():
        file = Path(__file__).with_name(f"regimes_{name}.svg")
        file.write_text(picture(colours), encoding="utf-8")
