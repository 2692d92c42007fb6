"""Stages that finished runs of the same folder end with: what another run need not train again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bioner.config.semantics import SEMANTICS
from bioner.errors import UserError
from bioner.runs.record import Record
from bioner.runs.record_file import read_record
from bioner.runs.stage_record import StageRecord
from bioner.runs.store import sha256


@dataclass(frozen=True)
class Finished:
    """The last stage of a finished run.

    Attributes:
        run: the run's directory.
        stage: what its record says of the stage.
        files: the selected weights, under the names of the groups that were asked for.
        names: the stage's own names of these groups.
    """

    run: Path
    stage: StageRecord
    files: dict[str, Path]
    names: dict[str, str]


def find_in_runs(runs_dir: Path, key: str, groups: Mapping[str, Sequence[str]]) -> Finished | None:
    """Return a finished run's last stage by its key, or None where no run has it whole.

    Args:
        runs_dir: the folder of all studies.
        key: of the stage.
        groups: the tasks on whose devel F1 each set of weights that is needed was selected.
    """
    for path in sorted(runs_dir.glob("*/*/record.json")):
        record = _record_with(key, path)
        if record is None or record.stages[-1].key != key:
            continue
        stage, folder = record.stages[-1], path.parent / "checkpoints"
        names = {group: _name(stage, group, tasks) for group, tasks in groups.items()}
        files = {group: folder / f"{name}.safetensors" for group, name in names.items()}
        if all(_whole(files[group], stage.weights.get(name)) for group, name in names.items()):
            return Finished(path.parent, stage, files, names)
    return None


def _record_with(key: str, path: Path) -> Record | None:
    """Return the record of a complete run in whose text a key stands."""
    try:
        if key.encode() not in path.read_bytes():  # of most; to parse a record takes far longer
            return None
        record = read_record(path.parent)
    except (OSError, UserError):  # it has no say here; reports name it
        return None
    whole = record.status == "complete" and record.semantics == SEMANTICS
    return record if whole and record.stages else None


def _name(stage: StageRecord, group: str, tasks: Sequence[str]) -> str:
    """Return the stage's own name of a group: one task alone may be selected under its own."""
    alone = tasks[0] if len(tasks) == 1 else ""
    return alone if group not in stage.weights and alone in stage.weights else group


def _whole(file: Path, known: str | None) -> bool:
    try:
        return known is not None and sha256(file) == known
    except OSError:
        return False
