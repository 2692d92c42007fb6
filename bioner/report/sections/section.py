"""A section of a report, and what all sections share."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pandas as pd

from bioner.config.identity import digest
from bioner.report.drawing import Drawing
from bioner.report.frame import CELL, REGIMES
from bioner.report.table import Column, Table, text

SETTING = ["encoder", "mixing", "size", "variant"]
_TITLES = {
    "regime": "regime",
    "target": "target",
    "sources": "pretrained on",
    "partners": "trained with",
    "encoder": "encoder",
    "mixing": "mixing",
    "size": "train size",
    "variant": "variant",
}
_ALWAYS = ("regime", "target")
# Drawing takes most of a report's time, and nobody looks at a hundred figures.
MOST_FIGURES = 4
_LONGEST_SUFFIX = 100  # letters; a file's name has 255 at most


@dataclass(frozen=True)
class Section:
    """A section.

    Attributes:
        key: its anchor.
        title: a few words.
        says: paragraphs above its tables and figures.
        tables: to be shown and written.
        drawings: to be shown and written.
    """

    key: str
    title: str
    says: Sequence[str]
    tables: Sequence[Table] = ()
    drawings: Sequence[Drawing] = field(default_factory=list)


def axis_columns(frame: pd.DataFrame, axes: Sequence[str] = CELL) -> tuple[list[Column], str]:
    """Return columns for the axes that differ in a frame, and words for those that do not."""
    shown, same = [], []
    for axis in axes:
        values = [value for value in frame[axis].unique() if value]
        # Regimes of one task have no mixing: that alone is no reason for a column.
        if axis in _ALWAYS or len(values) > 1 or (values and axis in ("sources", "partners")):
            shown.append(text(axis, _TITLES[axis]))
        elif values:
            same.append(f"{_TITLES[axis]} {values[0]}")
    return shown, f"All rows: {', '.join(same)}." if same else ""


def ordered(frame: pd.DataFrame, axes: Sequence[str] = CELL) -> pd.DataFrame:
    """Return rows in the order of a paper: target, size, regime, and what helped."""
    first = [axis for axis in ("target", "encoder", "variant", "size", "regime") if axis in axes]
    rest = [axis for axis in axes if axis not in first]
    return frame.sort_values([*first, *rest], key=_rank, ignore_index=True, kind="stable")


def _rank(values: pd.Series) -> pd.Series:
    if values.name == "regime":
        return values.map(REGIMES.index)
    if values.name == "size":
        return values.map(_size_rank)
    return values


def _size_rank(label: str) -> tuple[int, float]:
    """Order train sizes: counts of sentences, shares, all."""
    if label == "all":
        return 2, 0.0
    return (1, float(label[:-2])) if label.endswith(" %") else (0, float(label))


def by_setting(frame: pd.DataFrame) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Yield a suffix for names, words and the rows of every setting, the largest first.

    The suffix and the words are empty where there is only one.
    """
    groups = sorted(frame.groupby(SETTING, sort=True), key=lambda group: -len(group[1]))
    for values, rows in groups:
        named = [
            f"{_TITLES[axis]} {value}"
            for axis, value in zip(SETTING, values, strict=True)
            if value and frame[axis].nunique() > 1
        ]
        words = ", ".join(named)
        yield suffix_of(words), words, rows


def suffix_of(words: str) -> str:
    """Return a suffix for the names of files: of many axes a part of the words, and their hash."""
    whole = re.sub(r"\W+", "-", f"_{words}").rstrip("-") if words else ""
    if len(whole) <= _LONGEST_SUFFIX:
        return whole
    return f"{whole[: _LONGEST_SUFFIX - 9]}-{digest(words)[:8]}"


def left_out(settings: int) -> list[str]:
    """Return a sentence where not every setting has a figure."""
    if settings <= MOST_FIGURES:
        return []
    return [
        f"Figures are drawn for the {MOST_FIGURES} largest of {settings} settings; "
        "the tables hold all."
    ]
