"""The curve of a run that was killed: read back from its local log, to be continued."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

Row = dict[str, float]
STEP = "trainer/global_step"
# The stage that every run has.
FINETUNE = "finetune"


def local_logs(directory: Path, run_id: str) -> list[Path]:
    """Return the folders of a run's local W&B logs, the oldest first."""
    return sorted(
        (file.parent for file in directory.glob(f"wandb/*run-*/run-{run_id}.wandb")),
        key=lambda folder: folder.name.removeprefix("offline-"),
    )


def read_rows(folder: Path) -> list[Row]:
    """Return the logged points of a local W&B log; a log cut short gives those before the cut."""
    wandb = Path(sys.executable).with_name("wandb")
    file = next(folder.resolve().glob("*.wandb"))
    with TemporaryDirectory() as empty:  # the command writes a log where it is called
        read = subprocess.run(
            [wandb, "leet", "inspect", "--json", file],
            cwd=empty,
            capture_output=True,
            text=True,
            check=False,
        )
    rows = []
    for line in read.stdout.splitlines():
        record = json.loads(line)
        if record["type"] == "history":
            row = {
                key: value
                for key, value in record["history"]["item"].items()
                if not key.startswith("_") and isinstance(value, int | float)
            }
            if STEP in row:
                rows.append(row)
    return rows


def earlier_rows(directory: Path, run_id: str) -> list[Row]:
    """Return the points of the earlier starts of a run.

    Each start takes over the points of the one before, and the same config gives the same points
    again, so the log with the most points holds them all.
    """
    return max((read_rows(place) for place in local_logs(directory, run_id)), key=len, default=[])


def before(rows: Sequence[Row], stages: Sequence[str], stage: str, step: int) -> list[Row]:
    """Return the earlier points that come before the first new one.

    A stage that goes on from a checkpoint repeats the steps after it, and one that starts anew
    repeats all of them.

    Args:
        rows: of the earlier starts.
        stages: of the run, in their order.
        stage: that the new point is of.
        step: at which it is logged.
    """
    now = stages.index(stage), step
    return [row for row in rows if (stages.index(_stage(row, stages)), row[STEP]) < now]


def key_of(stage: str, metric: str) -> str:
    """Return a metric's key: a dataset may be in several stages, and has a curve in each."""
    return metric if stage == FINETUNE or metric == "epoch" else f"{stage}/{metric}"


def _stage(row: Row, stages: Sequence[str]) -> str:
    """Return the stage that a point is of."""
    prefixes = {key.split("/")[0] for key in row}
    return next((stage for stage in stages if stage in prefixes), FINETUNE)
