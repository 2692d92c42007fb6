"""What a study asked for: it stands in a packed study, so that a part of it knows the whole."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bioner.errors import UserError
from bioner.report.study import Run
from bioner.runs.environment import Environment
from bioner.runs.json_file import typed_json
from bioner.runs.record import Failure, Status, begin

ASKED = "asked.json"


@dataclass
class AskedRun:
    """A run that a study asked for, and what became of it; `config` is its record's."""

    run: str
    regime: str
    seed: int
    precision: str
    semantics: int
    status: Status
    error: Failure | None
    config: dict[str, Any]


@dataclass
class Asked:
    """All runs that a study asked for.

    Attributes:
        tests: how many comparisons can be tested, by what they are over; for people, since a
            report counts them anew from the runs.
        runs: whether or not they are packed.
    """

    tests: dict[str, int]
    runs: list[AskedRun]


def asked_json(runs: Iterable[Run], tests: Mapping[str, int]) -> bytes:
    """Return the text of `asked.json`."""
    found = []
    for run in runs:
        record = run.record
        about = (record.run, record.regime, record.seed, record.precision, record.semantics)
        found.append(AskedRun(*about, record.status, record.error, record.config))
    return json.dumps(asdict(Asked(dict(tests), found)), sort_keys=True).encode()


def with_left_out(folder: Path, runs: list[Run]) -> list[Run]:
    """Add the runs that a packed study asked for and that are not in its folder.

    Raises:
        UserError: the folder's `asked.json` is damaged.
    """
    file = folder / ASKED
    if not file.exists():
        return runs
    try:
        asked = typed_json(Asked, file.read_text("utf-8"), str(file))
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{file}: can't be read ({error})") from error
    here = {run.place.name for run in runs if run.place} | {run.record.run for run in runs}
    return runs + [_left_out(folder.name, one) for one in asked.runs if one.run not in here]


def _left_out(study: str, one: AskedRun) -> Run:
    record = begin(one.run, study, one.regime, one.seed, one.precision, one.config, Environment())
    record.semantics, record.status, record.error = one.semantics, one.status, one.error
    return Run(None, record, left_out=True)
