"""The gains of our own studies that the package carries, with the measures of the same pairs."""

from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

import pandas as pd

from bioner.transferability.tables import (
    GAIN_COLUMNS,
    MEASURE_COLUMNS,
    check_table,
    read_table,
)


@dataclass(frozen=True)
class Known:
    """What was measured once: gains, and the measures that could have foretold them.

    Attributes:
        gains: columns `GAIN_COLUMNS`; may be empty.
        measures: columns `MEASURE_COLUMNS`; may be empty.
    """

    gains: pd.DataFrame
    measures: pd.DataFrame

    def of(self, regime: str, encoder: str) -> "Known":
        """Return what is known of one regime and encoder."""
        rows = (self.gains["regime"] == regime) & (self.gains["encoder"] == encoder)
        return Known(self.gains[rows], self.measures)

    def with_encoder(self, encoder: str) -> "Known":
        """Return what is known of one encoder, of every regime."""
        return Known(self.gains[self.gains["encoder"] == encoder], self.measures)

    def but(self, target: str) -> "Known":
        """Return what is known of the other targets."""
        return Known(self.gains[self.gains["target"] != target], self.measures)


def load_known(folder: Path | None = None) -> Known:
    """Read `known_gains.csv` and `known_measures.csv`.

    Args:
        folder: that holds them; None takes those of the package.

    Raises:
        UserError: a table that can't be read, or holds what it can't.
    """
    with as_file(files("bioner.transferability")) as package:
        place = folder or package
        gains = read_table(place / "known_gains.csv", GAIN_COLUMNS)
        measures = read_table(place / "known_measures.csv", MEASURE_COLUMNS)
    check_table(gains, "known_gains.csv", GAIN_COLUMNS, "gain", GAIN_COLUMNS[:-1])
    check_table(measures, "known_measures.csv", MEASURE_COLUMNS, "value", MEASURE_COLUMNS[:4])
    return Known(gains, measures)
