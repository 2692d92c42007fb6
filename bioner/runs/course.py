"""How far a run has come: by its record, or by what one leaves that stopped on the way."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bioner.config.train import Selection, TrainConfig, TrainOn
from bioner.errors import UserError
from bioner.runs.json_file import typed_json, write_json
from bioner.runs.record import Record
from bioner.runs.record_file import finished
from bioner.runs.scores import mean_known
from bioner.runs.stage_record import Look, StageRecord

_FILE = "course.json"


@dataclass
class Course:
    """What the last stage of a run has given so far.

    Attributes:
        looks: at devel, one after each epoch.
        seconds: of training, of every stage of the run by its key.
    """

    looks: list[Look]
    seconds: dict[str, float]

    @property
    def epochs(self) -> int:
        """Those after which devel was looked at."""
        return len(self.looks)

    def f1(self, epochs: int, selection: Selection) -> float | None:
        """Return the mean devel F1 of the targets, had the run ended after so many epochs.

        With `selection=best` that is the best so far, else the last.
        """
        looks = self.looks[:epochs]
        targets = looks[-1].f1
        return mean_known(_selected([one.f1[name] for one in looks], selection) for name in targets)

    def mean(self, config: TrainConfig) -> float:
        """Return the mean devel F1 so far, NaN where it says nothing."""
        found = self.f1(self.epochs, config.selection)
        trained = config.finetune.train_on == TrainOn.train_devel
        return math.nan if trained or found is None else found


def _selected(f1: Sequence[float | None], selection: Selection) -> float | None:
    known = [one for one in f1 if one is not None]
    if not known:
        return None
    return max(known) if selection == Selection.best else known[-1]


def seconds_of(stages: Sequence[StageRecord]) -> dict[str, float]:
    """Return the seconds of training of some stages, by their keys."""
    return {one.key: one.timing.train_seconds for one in stages if one.timing is not None}


def course_of(record: Record) -> Course:
    """Return the course of a complete run; of an older record, only how it ended."""
    last = record.stages[-1]
    end = Look(
        max(best.step for best in record.best.values()),
        {target: best.f1 for target, best in record.best.items()},
    )
    return Course(last.looks or [end], seconds_of(record.stages))


def write_course(directory: Path, course: Course) -> None:
    """Write what a run has given that stops on the way."""
    write_json(directory / _FILE, asdict(course))


def forget_course(directory: Path) -> None:
    """Remove what a run wrote when it stopped on the way: its record says more."""
    (directory / _FILE).unlink(missing_ok=True)


def stopped_course(directory: Path, stop_after: int | None) -> Course | None:
    """Return the course of a run that has stopped on the way, as far as it is to go.

    Args:
        directory: of the run.
        stop_after: as the config says.

    Returns:
        None where the run is to go on.

    Raises:
        UserError: the file is damaged.
    """
    file = directory / _FILE
    if stop_after is None or not file.exists():
        return None
    found = _read(file)
    return found if found.epochs >= stop_after else None


def course(directory: Path) -> Course | None:
    """Return the course of a run, finished or stopped; None where it has none.

    Raises:
        UserError: its record or its course is damaged.
    """
    record = finished(directory)
    if record is not None:
        return course_of(record)
    file = directory / _FILE
    return _read(file) if file.exists() else None


def _read(file: Path) -> Course:
    try:
        return typed_json(Course, file.read_text(encoding="utf-8"), str(file))
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{file}: can't be read ({error})") from error
