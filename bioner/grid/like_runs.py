"""How long runs take, from the records of runs like them."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import Any

from bioner.config.effects import what_is_set
from bioner.config.identity import digest, what_counts
from bioner.config.train import TrainConfig
from bioner.errors import UserError
from bioner.runs.record_file import read_record

# The groups that say how much there is to compute; seeds, rates and heads hardly change that.
_GROUPS = ("encoder", "mixing", "pretrain", "finetune", "batch")


class LikeRuns:
    """The complete runs of a folder, by what they computed.

    Args:
        runs_dir: holds a folder for each study.
    """

    def __init__(self, runs_dir: Path) -> None:
        self._seconds: dict[str, list[float]] = {}
        for file in runs_dir.glob("[!.]*/*/record.json"):
            with suppress(UserError, KeyError):  # a damaged one says nothing here
                record = read_record(file.parent)
                seconds = record.timing.wall_seconds
                if record.status == "complete" and seconds is not None:
                    self._seconds.setdefault(_work(record.config), []).append(seconds)

    def seconds(self, config: TrainConfig) -> float | None:
        """Return the median of the seconds that runs like this one took; None: there is none."""
        found = self._seconds.get(_work(what_counts(config)))
        return None if found is None else median(found)


def _work(config: Mapping[str, Any]) -> str:
    return digest([what_is_set(config[group]) for group in _GROUPS])
