"""The curve of a run as csv/metrics.csv in its directory, which a run that goes on continues."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pytorch_lightning.loggers.logger import Logger
from pytorch_lightning.utilities import rank_zero_only
from torch import Tensor

from bioner.machine.writing import naming, whole
from bioner.tracking.history import FINETUNE

Row = dict[str, str]
_PLACE = ("stage", "step")
_AT_ALL = {*_PLACE, "epoch"}  # stand in every row and are no scores


class CsvRunLogger(Logger):
    """Logs a run to a file of its own; Lightning's logger deletes that of an earlier start.

    A point is in the file as soon as it is logged. `stage` is the name of the stage whose points
    are logged.

    Args:
        save_dir: the run's directory.
        stages: of the run, in their order.
        continues: whether the rows of an earlier start, which did not finish, are kept.
    """

    def __init__(self, save_dir: Path, stages: Sequence[str], continues: bool) -> None:
        super().__init__()
        self.stage = FINETUNE
        self._file, self._stages = save_dir / "csv" / "metrics.csv", list(stages)
        found = _rows_of(self._file) if continues else []
        # A file of Lightning's logger does not say the stage, and can't be gone on with.
        self._rows = [row for row in found if row.get("stage") in self._stages]
        self._columns = list(self._rows[0]) if self._rows else [*_PLACE]
        self._whole = False  # the file may lack a line end, or have rows that are not kept

    @property
    def name(self) -> str:
        """The name of the folder."""
        return self._file.parent.name

    @property
    def version(self) -> str:
        """Nothing: a run has one file."""
        return ""

    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, Any], step: int | None = None) -> None:
        """Write one point of the curve; one without a step, of test, has that of the last row."""
        if step is None:
            step = int(self._rows[-1]["step"]) if self._rows else 0
        row = {"stage": self.stage, "step": str(step)} | {
            key: str(value.item() if isinstance(value, Tensor) else value)
            for key, value in metrics.items()
        }
        self._drop_what_it_repeats(row)
        self._rows.append(row)
        if new := [key for key in row if key not in self._columns]:
            self._columns += new
            self._whole = False
        self._file.parent.mkdir(exist_ok=True)
        with naming(self._file):
            self._write([row] if self._whole else self._rows)

    def _drop_what_it_repeats(self, row: Row) -> None:
        """Drop the rows of an earlier start that come after a row, or have a score of it there.

        A stage that goes on from a checkpoint repeats the steps after it.
        """
        at = self._place(row)
        same: list[Row] = []
        while self._rows and self._place(self._rows[-1]) >= at:
            last = self._rows.pop()
            filled = {key for key, value in last.items() if value}
            if self._place(last) == at and not (filled & row.keys()) - _AT_ALL:
                same.insert(0, last)
            else:
                self._whole = False
        self._rows += same

    def _place(self, row: Row) -> tuple[int, int]:
        return self._stages.index(row["stage"]), int(row["step"])

    def _write(self, rows: Sequence[Row]) -> None:
        """Append rows to the file, or write it anew."""
        if self._whole:
            with self._file.open("a", newline="", encoding="utf-8") as file:
                self._writer(file).writerows(rows)
            return
        with (
            whole(self._file) as temporary,
            temporary.open("w", newline="", encoding="utf-8") as file,
        ):
            writer = self._writer(file)
            writer.writeheader()
            writer.writerows(rows)
        self._whole = True

    def _writer(self, file: Any) -> "csv.DictWriter[str]":
        return csv.DictWriter(file, self._columns, lineterminator="\n")

    def log_hyperparams(self, params: Any, *args: Any, **kwargs: Any) -> None:
        """Nothing: the run directory has the whole config."""


def _rows_of(file: Path) -> list[Row]:
    """Return the rows of a file; none where there is no such file, and no row that was cut off."""
    if not file.exists():
        return []
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    return list(csv.DictReader(line for line in lines if line.endswith("\n")))
