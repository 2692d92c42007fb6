"""Test scores of a study: a row per regime, target and training size; seeds taken together."""

import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bioner.errors import UserError
from bioner.study.record import read_record


def read_study(runs_dir: Path, study: str) -> dict[Path, dict[str, Any]]:
    """Return the records of a study under their run directories.

    Raises:
        UserError: no such study, or none of its runs has ended.
    """
    folder = runs_dir / study
    places = sorted(path.parent for path in folder.glob("*/record.json"))
    if not places:
        known = sorted({path.parent.parent.name for path in runs_dir.glob("*/*/record.json")})
        raise UserError(
            f"study: no ended run under {folder}; studies with runs: {', '.join(known) or '(none)'}"
        )
    return {place: read_record(place) for place in places}


def by_cell(records: Iterable[Mapping[str, Any]]) -> dict[tuple[str, ...], list[float]]:
    """Return test F1 of the complete runs for each (regime, target, helpers, size)."""
    cells: dict[tuple[str, ...], list[float]] = defaultdict(list)
    for record in records:
        if record["status"] != "complete":
            continue
        config = record["config"]
        helpers = [f"from {name}" for name in config["pretrain"]["sources"]]
        helpers += [f"with {name}" for name in config["finetune"]["auxiliaries"]]
        size = config["finetune"]["train_size"]
        for target, splits in record["scores"].items():
            cell = (
                record["regime"],
                target,
                "\n".join(helpers),
                "all" if size is None else str(size),
            )
            cells[cell].append(splits["test"]["f1"])
    return dict(cells)


def print_study(runs_dir: Path, study: str) -> None:
    """Print the table, the failed runs and where the run directories are."""
    records = read_study(runs_dir, study)
    table = Table("regime", "target", "helped by", "train size", "test F1", "seeds",
                  title=f"study {study}")  # fmt: skip
    for cell, found in sorted(by_cell(records.values()).items()):
        spread = f" ± {statistics.stdev(found):.4f}" if len(found) > 1 else ""
        table.add_row(*cell, f"{statistics.mean(found):.4f}{spread}", str(len(found)))
    console = Console()
    console.print(table)
    for place, record in records.items():
        failed = "" if record["status"] == "complete" else f"  failed: {record['error']['message']}"
        console.print(f"{place}{failed}", highlight=False, soft_wrap=True)
