"""The guard against training on what a target is scored or selected by, but is not told to."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bioner.config.train import Leakage, TrainConfig, TrainOn
from bioner.corpora.audits.training_data import Place, held_out, leaked
from bioner.corpora.catalogue import Corpus
from bioner.corpora.fetching.places import locate
from bioner.corpora.formats.all_formats import FORMATS
from bioner.corpora.sentence_table import Table
from bioner.errors import ConfigError

_SHOWN = 3

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Guarded:
    """What the guard leaves of the sentences that were to be trained on.

    Attributes:
        used: the indices that are left, sorted, int64 [sentences].
        leaked: how many stand in a target's devel or test; None where nobody looked.
        dropped: the indices that were taken out for that.
    """

    used: NDArray[np.int64]
    leaked: int | None
    dropped: tuple[int, ...]


class Guard:
    """Looks for training sentences that stand in the devel or test split of a target.

    Args:
        config: says what is done about them.
        targets: the datasets that the run is to be scored on.
    """

    def __init__(self, config: TrainConfig, targets: Mapping[str, Corpus]) -> None:
        self._config = config
        devel_too = config.finetune.train_on == TrainOn.train_devel
        # What is trained on is not held out: then no result hangs on it.
        splits = ("test",) if devel_too else ("test", "devel")
        self._splits = " or ".join(sorted(splits))
        self._held = [] if config.leakage == Leakage.ignore else held_out(targets, splits)

    def look(
        self,
        role: str,
        name: str,
        sentences: Table,
        asked: NDArray[np.int64],
        train: int | None = None,
    ) -> Guarded:
        """Look at the sentences that a dataset is to give to training; warn, or drop what leaks.

        Args:
            role: of the dataset, for the message.
            name: of the dataset.
            sentences: its train split, or that and its devel split behind it.
            asked: the indices of the sentences that are to be used, sorted.
            train: how many of the sentences are of the train split; None: all.

        Raises:
            ConfigError: a leak under `leakage=error`, or nothing left under `leakage=drop`.
        """
        action = self._config.leakage
        if action == Leakage.ignore:
            return Guarded(asked, None, ())
        found = leaked(sentences, asked, self._held)
        if not found:
            return Guarded(asked, 0, ())
        says = (
            f"{len(found)} of {len(asked)} training sentences of {role} {name} stand in a target's "
            f"{self._splits}, e.g. {self._examples(name, sentences, found, train)}"
        )
        if action == Leakage.error:
            legal = "leakage=drop leaves them out, leakage=warn trains on them"
            raise ConfigError("leakage", f"is error, and {says}", legal)
        if action == Leakage.warn:
            log.warning("%s; trained on nevertheless (leakage=drop leaves them out)", says)
            return Guarded(asked, len(found), ())
        log.warning("%s; left out", says)
        if len(found) == len(asked):
            raise ConfigError("leakage", f"is drop, and leaves nothing of {role} {name}: {says}")
        return Guarded(np.setdiff1d(asked, list(found)), len(found), tuple(found))

    def stand(self, sentences: Table) -> Mapping[int, Place]:
        """Return which sentences stand in such a split, and where.

        Raises:
            ConfigError: one does, under `leakage=error`.
        """
        if self._config.leakage == Leakage.ignore:
            return {}
        found = leaked(sentences, np.arange(len(sentences)), self._held)
        if found and self._config.leakage == Leakage.error:
            place = next(iter(found.values()))
            where = self._file(place.target, place.split, place.document)
            says = f"is error, and a sentence to be labelled stands in {where}:{place.line}"
            legal = "leakage=drop leaves such out, leakage=warn trains on them"
            raise ConfigError("leakage", says, legal)
        return found

    def _examples(
        self, name: str, sentences: Table, found: Mapping[int, Place], train: int | None
    ) -> str:
        """Name the first few by file and line, with where else they stand."""

        def split(i: int) -> str:
            return "train" if train is None or i < train else "devel"

        return ", ".join(
            f"{self._file(name, split(i), sentences[i].document)}:{sentences[i].line} "
            f"(= {self._file(place.target, place.split, place.document)}:{place.line})"
            for i, place in list(found.items())[:_SHOWN]
        )

    def _file(self, name: str, split: str, document: str) -> Path:
        """Return the file of a split, or that of a document where the split is a folder."""
        one = self._config.dataset[name]
        files = locate(one, Path(self._config.datasets_dir))
        path = files.get(split, files["train"])  # devel may be a part of train
        return FORMATS[one.format].marks_of(path, document)
