"""The unit of scores: 0 to 1 in files for machines, percent with two decimals where people read.

Terminals, logs, tables, pages and model cards show percent; records, CSV and JSON hold 0 to 1, as
Weights & Biases gets it.
"""


def percent(score: float | None) -> str:
    """Return a precision, recall or F1 of 0 to 1 as people read it: `84.56`, `–` where none is."""
    return "–" if score is None else f"{100 * score:.2f}"


def points(difference: float) -> str:
    """Return a difference of two such scores, in points: `+1.20`."""
    return f"{100 * difference:+.2f}"
