"""The runs of a study: their records, and what there is instead where a run left none."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import yaml
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from bioner.config.identity import regime, what_counts
from bioner.config.shell_words import quoted
from bioner.config.stored import load_stored
from bioner.config.train import TrainConfig
from bioner.errors import UserError, nearest
from bioner.runs.environment import Environment
from bioner.runs.record import Record, begin
from bioner.runs.record_file import read_record

# libyaml's, where PyYAML was built with it: ten times as fast.
_LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# What Hydra calls the provider of the folder that --config-dir names.
_OWN = "command-line"


@dataclass(frozen=True)
class Problem:
    """Something of a study that the tables can't show.

    Attributes:
        state: `unreadable`, `unfinished`, `failed`, `diverged`, `incompatible`, `no score`,
            `untested`, `predictions` or `words`.
        place: the run directory, the file, or the target.
        says: what is wrong, in one line.
    """

    state: str
    place: str
    says: str


@dataclass(frozen=True)
class Run:
    """One run of a study.

    Attributes:
        place: its directory; None where the record came from elsewhere.
        record: what it left; of an unfinished run its config alone.
        command: what was typed, as far as the run directory says it.
        left_out: whether a packed study asked for it and it is not here: then its record is a
            config, and what became of it.
    """

    place: Path | None
    record: Record
    command: str = ""
    left_out: bool = False


def read_study(folder: Path) -> tuple[list[Run], list[Problem]]:
    """Return the runs of a study, and what of it can't be read.

    Raises:
        UserError: no such study, or one without a run.
    """
    runs: list[Run] = []
    problems: list[Problem] = []
    for place in sorted(path for path in _subfolders(folder) if _is_run(path)):
        try:
            runs.append(Run(place, _record(place), _command(place)))
        except UserError as error:
            problems.append(Problem("unreadable", str(place), str(error)))
    if not runs and not problems:
        raise UserError(f"study: no run under {folder}; {_others(folder)}")
    return runs, problems


def _subfolders(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.is_dir()] if folder.is_dir() else []


def _is_run(folder: Path) -> bool:
    """Say whether a training run was started in a folder: reports and measures lie beside them."""
    if (folder / "record.json").exists():
        return True
    begun = (folder / "config.yaml").exists() or (folder / "console.log").exists()
    return begun and not (folder / "measures.csv").exists()


def _others(folder: Path) -> str:
    beside = {path.parent.parent.name for path in folder.parent.glob("*/*/record.json")}
    if not beside:
        return f"{folder.parent} holds no study with runs yet"
    return nearest(folder.name, beside)


def _record(place: Path) -> Record:
    """Return a run's record; of a run that has none yet one that holds its config alone."""
    if (place / "record.json").exists():
        return read_record(place)
    if not (place / "config.yaml").exists():
        raise UserError(f"{place}: ended before it wrote its config; see its console.log")
    try:
        typed = OmegaConf.structured(TrainConfig)
        loaded = OmegaConf.merge(typed, load_stored(place / "config.yaml"))
        config = cast(TrainConfig, OmegaConf.to_object(loaded))
        counts = json.loads(json.dumps(what_counts(config), default=str))
        name, study, seed = place.name, config.study, config.seed
        return begin(name, study, regime(config), seed, "", counts, Environment())
    except (
        UserError,
        OmegaConfBaseException,
        yaml.YAMLError,
        OSError,
        KeyError,
        ValueError,
    ) as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{place / 'config.yaml'}: unfinished, and damaged: {reason}") from error


def _command(place: Path) -> str:
    """Return the command line of a run, out of what Hydra noted."""
    try:
        typed = (place / ".hydra" / "overrides.yaml").read_text("utf-8")
        overrides = yaml.load(typed, Loader=_LOADER)
        folders = (f"--config-dir {quoted(one)}" for one in _own_folders(place / ".hydra"))
        return " ".join(["bioner train", *folders, *map(quoted, overrides)])
    except (OSError, yaml.YAMLError, TypeError, KeyError, UnicodeDecodeError):
        return ""


def _own_folders(noted: Path) -> list[str]:
    """Return the user's folders of configs of a run, out of what Hydra noted."""
    if not (noted / "hydra.yaml").exists():  # a packed study has none
        return []
    text = (noted / "hydra.yaml").read_text("utf-8")
    if f"provider: {_OWN}" not in text:  # most runs have none, and to parse it takes longer
        return []
    sources = yaml.load(text, Loader=_LOADER)["hydra"]["runtime"]["config_sources"]
    return [str(one["path"]) for one in sources if one["provider"] == _OWN]
