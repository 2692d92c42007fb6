"""The directory of `bioner measure`: what was computed, what has no value, and from which files."""

import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from bioner.errors import DataError
from bioner.machine.writing import whole
from bioner.runs.json_file import write_json
from bioner.transferability.tables import MEASURE_COLUMNS, PAIR, read_table

log = logging.getLogger(__name__)

KEY = [*PAIR, "measure", "view"]
SKIPPED_COLUMNS = [*KEY, "reason"]


class Results:
    """The values of one setting, which grow with the datasets and measures that are asked for.

    `measures.csv` has the values, `skipped.csv` the pairs for which a measure is not defined, and
    `inputs.json` a digest of all that decides each split's sentences: where a file, or how it is
    read, has changed, the rows of its dataset are computed again, and that is said.

    Args:
        folder: the run directory.
        inputs: the digests of the splits of each dataset that is used now.

    Attributes:
        values: columns `MEASURE_COLUMNS`.
        skipped: columns `SKIPPED_COLUMNS`.

    Raises:
        DataError: a table that can't be read.
    """

    def __init__(self, folder: Path, inputs: Mapping[str, Mapping[str, str]]) -> None:
        self._folder = folder
        self.values = self._table("measures.csv", MEASURE_COLUMNS)
        self.skipped = self._table("skipped.csv", SKIPPED_COLUMNS)
        known = self._known_inputs()
        changed = [name for name in inputs if name in known and known[name] != inputs[name]]
        if changed:
            log.warning(
                "a file, or how it is read, has changed, computed again: %s", ", ".join(changed)
            )
            self.values, self.skipped = (
                table[~table["source"].isin(changed) & ~table["target"].isin(changed)]
                for table in (self.values, self.skipped)
            )
        self.save()
        write_json(folder / "inputs.json", {**known, **inputs})

    @property
    def done(self) -> set[tuple[str, str, str, str]]:
        """The (source, target, measure, view) that need no computing."""
        rows = pd.concat([self.values[KEY], self.skipped[KEY]])
        return set(rows.itertuples(index=False, name=None))

    def add(self, values: Sequence[tuple], skipped: Sequence[tuple]) -> None:
        """Take up rows, in the order of the columns, and save."""
        self.values = _more(self.values, values)
        self.skipped = _more(self.skipped, skipped)
        self.save()

    def save(self) -> None:
        """Write both tables, each at once."""
        for name, table in (("measures.csv", self.values), ("skipped.csv", self.skipped)):
            with whole(self._folder / name) as temporary:
                table.to_csv(temporary, index=False, lineterminator="\n")

    def _table(self, name: str, columns: Sequence[str]) -> pd.DataFrame:
        file = self._folder / name
        if not file.exists():
            return pd.DataFrame(columns=list(columns))
        return read_table(file, columns)[list(columns)]

    def _known_inputs(self) -> dict[str, dict[str, str]]:
        file = self._folder / "inputs.json"
        if not file.exists():
            return {}
        try:
            found: dict[str, dict[str, str]] = json.loads(file.read_text(encoding="utf-8"))
        except ValueError as error:
            raise DataError(file, None, f"is damaged ({error})", "remove its folder") from error
        return found


def _more(table: pd.DataFrame, rows: Sequence[tuple]) -> pd.DataFrame:
    if not rows:
        return table
    more = pd.DataFrame(rows, columns=table.columns)
    return more if table.empty else pd.concat([table, more], ignore_index=True)
