"""A table of a report: a frame, and how its columns are shown to people."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import pandas as pd

Row = dict[Any, Any]

NONE = "–"
"""What stands where there is no value."""


@dataclass(frozen=True)
class Column:
    """How one column is shown.

    Attributes:
        key: the frame's column, by which rows are sorted.
        title: its heading.
        show: a row's text, without a mark; "" where it has none.
        number: whether it is aligned as a number.
        best: `max` or `min` sets the best of each group in bold.
        mark: the frame's column that holds significance marks for it.
        bold: the frame's column that says which values are the best, for bests of a row.
    """

    key: str
    title: str
    show: Callable[[Row], str]
    number: bool = True
    best: str = ""
    mark: str = ""
    bold: str = ""


class Cell(NamedTuple):
    """One shown cell: its text, the value to sort by, its mark and whether it is a best one."""

    text: str
    value: float | str | None
    mark: str = ""
    best: bool = False


@dataclass(frozen=True)
class Table:
    """A frame with its title, its caption and its columns.

    Attributes:
        name: of its files.
        title: a few words.
        caption: what the numbers are.
        frame: all values, as the CSV file has them.
        columns: those that are shown.
        groups: the frame's columns inside which the best value is looked for.
        paper: the same rows with fewer columns, for TeX; None where these are few enough.
    """

    name: str
    title: str
    caption: str
    frame: pd.DataFrame
    columns: Sequence[Column]
    groups: Sequence[str] = ()
    paper: "Table | None" = None

    @cached_property
    def cells(self) -> list[list[Cell]]:
        """The rows as they are shown."""
        rows: list[Row] = self.frame.to_dict("records")
        return [
            list(row)
            for row in zip(*(_shown(self, one, rows) for one in self.columns), strict=True)
        ]


def _shown(table: Table, column: Column, rows: Sequence[Row]) -> list[Cell]:
    values = [row[column.key] for row in rows]
    marks = [str(row[column.mark]) for row in rows] if column.mark else [""] * len(rows)
    if column.bold:
        best = [bool(row[column.bold]) for row in rows]
    else:
        best = _best(table, column).tolist() if column.best else [False] * len(rows)
    return [
        Cell(column.show(row) or NONE, None if _missing(value) else value, mark, is_best)
        for row, value, mark, is_best in zip(rows, values, marks, best, strict=True)
    ]


def _best(table: Table, column: Column) -> pd.Series:
    values = table.frame[column.key].astype(float)
    groups = [table.frame[g] for g in table.groups] or [pd.Series(0, index=values.index)]
    grouped = values.groupby(groups)
    top = grouped.transform("max") if column.best == "max" else grouped.transform("min")
    differ = grouped.transform("max") > grouped.transform("min")
    return (values == top) & values.notna() & differ


def text(key: str, title: str) -> Column:
    """Return a column of plain text."""
    return Column(key, title, lambda row: str(row[key]), number=False)


def count(key: str, title: str, digits: int = 0) -> Column:
    """Return a column of plain numbers."""
    return Column(key, title, lambda row: _number(row[key], f",.{digits}f"))


def percent(
    key: str, title: str, spread: str = "", best: str = "", missing: str = "", digits: int = 2
) -> Column:
    """Return a column of shares in percent, with their standard deviation where there is one."""

    def show(row: Row) -> str:
        shown = _number(row[key], f".{digits}f", 100) or missing
        deviation = _number(row[spread], f".{digits}f", 100) if spread else ""
        return f"{shown} ± {deviation}" if deviation else shown

    return Column(key, title, show, best=best)


def points(key: str, title: str, mark: str = "", best: str = "") -> Column:
    """Return a column of signed differences in percentage points."""
    return Column(key, title, lambda row: signed(row[key]), best=best, mark=mark)


def between(low: str, high: str, form: Callable[[float], str], title: str = "95 %") -> Column:
    """Return a column of intervals."""

    def show(row: Row) -> str:
        return "" if pd.isna(row[low]) else f"[{form(row[low])}, {form(row[high])}]"

    return Column(low, title, show)


def signed(value: float) -> str:
    """Return a difference in percentage points with its sign, "" for none."""
    return _number(value, "+.2f", 100).replace("-", "−")


def share(value: float) -> str:
    """Return a share in percent, "" for none."""
    return _number(value, ".2f", 100)


def probability(key: str, title: str) -> Column:
    """Return a column of p-values."""

    def show(row: Row) -> str:
        value = row[key]
        return "" if pd.isna(value) else "<0.001" if value < 0.001 else f"{value:.3f}"

    return Column(key, title, show)


def _missing(value: Any) -> bool:
    return value is None or value != value  # NaN: `pd.isna` takes ten times as long


def _number(value: Any, form: str, scale: float = 1) -> str:
    return "" if _missing(value) else format(scale * value, form)
