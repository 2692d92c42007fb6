"""The tables of measures and of gains: their columns, and how they are read and checked."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from bioner.errors import DataError, UserError

PAIR = ["source", "target"]
MEASURE_COLUMNS = ["source", "target", "measure", "view", "value", "seconds"]
"""The columns of measures.csv; `view` is "" for a measure without views."""
GAIN_COLUMNS = ["source", "target", "regime", "encoder", "train_size", "seed", "gain"]
"""The columns of a table of gains; `train_size` is "all" or what the config says."""


def check_table(
    table: pd.DataFrame, name: str, columns: Sequence[str], number: str, key: Sequence[str]
) -> None:
    """Check a table that a caller made.

    Args:
        table: to be checked.
        name: of the table, for messages.
        columns: that it must have.
        number: the column that must hold finite numbers.
        key: the columns that tell its rows apart.

    Raises:
        UserError: a column that lacks, a value that is no finite number, or two rows of one key.
    """
    lacking = [column for column in columns if column not in table.columns]
    if lacking:
        raise UserError(f"{name}: no column {', '.join(lacking)}; expected {', '.join(columns)}")
    if not np.isfinite(table[number].to_numpy(dtype=float)).all():
        raise UserError(f"{name}: column {number} holds a value that is no finite number")
    twice = table[table.duplicated(list(key))]
    if len(twice):
        found = ", ".join(str(twice.iloc[0][column]) for column in key)
        raise UserError(f"{name}: there is more than one row for {found}")


def read_table(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    """Read a CSV of measures or gains; an empty `view` stays an empty text.

    Raises:
        DataError: it can't be read, lacks a column, or has a value or gain that is no finite
            number.
    """
    text = dict.fromkeys((*PAIR, "measure", "view", "regime", "encoder", "train_size"), str)
    try:
        table = pd.read_csv(path, dtype=text, keep_default_na=False, float_precision="round_trip")
    except (OSError, ValueError) as error:
        raise DataError(path, None, f"can't be read as CSV ({error})") from error
    lacking = [column for column in columns if column not in table.columns]
    if lacking:
        found = f"has no column {', '.join(lacking)}"
        raise DataError(path, 1, found, f"expected {','.join(columns)}")
    for column in {"value", "gain"} & {*columns}:
        numbers = pd.to_numeric(table[column], errors="coerce").to_numpy(dtype=float)
        for row in np.flatnonzero(~np.isfinite(numbers)):
            found = f"{column} is {str(table[column].iloc[row])!r}"
            raise DataError(path, int(row) + 2, found, "expected a finite number")
        table[column] = numbers
    return table
