"""Which run is meant: a directory, `latest`, or the beginning of a name, by study or in all."""

import json
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

from bioner.errors import ConfigError, UserError

LATEST = "latest"

FIT = "fit.json"
"""What `bioner fit` leaves in its directory: it names the run that won."""

# As many names as an error lists.
_LISTED = 8


def named_run(key: str, given: str, runs_dir: str) -> str:
    """Return the directory of a run.

    Args:
        key: under which it is given, for messages.
        given: a directory; `latest`, the run that was completed last; or the beginning of one
            run's name. Before the last two may stand `STUDY/`. A directory of `bioner fit` stands
            for the run that won, `fit/NAME` too.
        runs_dir: holds a folder for each study.

    Raises:
        ConfigError: none or several have that name.
    """
    if not given:
        raise ConfigError(key, "is empty", "a run's directory, latest, or how its name begins")
    if Path(given).is_dir():
        return given
    if (fitted := Path(runs_dir, given) / FIT).is_file():
        return str(fitted.parent)
    study, _, name = given.rpartition("/")
    folders = [folder for folder in _folders(Path(runs_dir)) if study in ("", folder.parent.name)]
    if name == LATEST:
        return str(_latest(key, given, folders, runs_dir))
    found = [folder for folder in folders if folder.name.startswith(name)]
    names = [f"{folder.parent.name}/{folder.name}" for folder in found]
    if len(found) > 1:
        more = "" if len(names) <= _LISTED else f" and {len(names) - _LISTED} more"
        says = f"{given} is the beginning of {len(names)} runs"
        raise ConfigError(key, says, f"{', '.join(names[:_LISTED])}{more}")
    if not found:
        raise ConfigError(key, f"no run {given!r} in {runs_dir}", _nearest(given, runs_dir))
    return str(found[0])


def followed(directory: Path) -> Path:
    """Return the directory of a run, that of the run that won where it is one of `bioner fit`.

    Raises:
        UserError: its result is damaged.
    """
    file = directory / FIT
    if not file.is_file():
        return directory
    try:
        return directory / str(json.loads(file.read_text(encoding="utf-8"))["run"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{file}: damaged: {error}") from error


def _folders(runs_dir: Path) -> list[Path]:
    """Return the directories of all runs, also of those that did not end."""
    return sorted(file.parent for file in runs_dir.glob("[!.]*/*/config.yaml"))


def _latest(key: str, given: str, folders: Sequence[Path], runs_dir: str) -> Path:
    records = [folder / "record.json" for folder in folders if (folder / "record.json").is_file()]
    for record in sorted(records, key=lambda file: file.stat().st_mtime_ns, reverse=True):
        if _is_complete(record):
            return record.parent
    raise ConfigError(key, f"is {given}, and {runs_dir} has no complete run there", _legal())


def _is_complete(record: Path) -> bool:
    try:
        return bool(json.loads(record.read_text(encoding="utf-8"))["status"] == "complete")
    except (ValueError, KeyError, TypeError):  # what is damaged is no run to go on with
        return False


def _nearest(given: str, runs_dir: str) -> str:
    """Return the names that are like the given one, and what else is legal."""
    runs = _folders(Path(runs_dir))
    names = [f"{run.parent.name}/{run.name}" if "/" in given else run.name for run in runs]
    # A beginning is compared with as much of each name.
    like = {name[: len(given)]: name for name in reversed(names)}
    for file in sorted(Path(runs_dir).glob(f"*/*/{FIT}"), reverse=True):
        search = f"{file.parents[1].name}/{file.parent.name}"
        like[search if "/" in given else file.parent.name] = search
    meant = [like[one] for one in get_close_matches(given, like, n=3, cutoff=0.5)]
    return (f"did you mean {' or '.join(meant)}? " if meant else "") + _legal()


def _legal() -> str:
    return "a run's directory, latest, STUDY/latest, or the beginning of one run's name"
