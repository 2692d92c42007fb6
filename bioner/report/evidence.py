"""What the prediction files of a study say, as arrays of counts and as tidy frames."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bioner.errors import DataError
from bioner.report.cores import over_cores
from bioner.report.frame import rows_of
from bioner.report.mistake_kinds import MISTAKES, PAIRS, mistakes, word_pairs
from bioner.report.partial import PARTIAL, partial_counts
from bioner.report.prediction_arrays import Predictions, Spans, read_predictions
from bioner.report.study import Problem
from bioner.runs.predictions import NO_WORD


@dataclass
class UnitCounts:
    """Counts of one target's test split, or fold of it, the same units for all runs.

    Attributes:
        first: the file of the first run, whose sentences and gold mentions all runs share.
        sentence_gold: `[sentences]`, gold mentions.
        opens: `[documents]`, the first sentence of each; None where no file marks them.
        predicted: run → `[sentences]`.
        correct: run → `[sentences]`.
    """

    first: Predictions
    sentence_gold: np.ndarray
    opens: np.ndarray | None = None
    predicted: dict[str, np.ndarray] = field(default_factory=dict)
    correct: dict[str, np.ndarray] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """What the units are: `document`, or `sentence` where none is marked."""
        return "sentence" if self.opens is None else "document"

    @property
    def gold(self) -> np.ndarray:
        """Gold mentions, `[units]`."""
        return self._in_units(self.sentence_gold)

    def of(self, runs: list[str]) -> tuple[np.ndarray, np.ndarray]:
        """Return correct and predicted of some runs, `[units, runs]`."""
        correct, predicted = (
            np.stack([counts[run] for run in runs], axis=1)
            for counts in (self.correct, self.predicted)
        )
        return self._in_units(correct), self._in_units(predicted)

    def _in_units(self, counts: np.ndarray) -> np.ndarray:
        return counts if self.opens is None else np.add.reduceat(counts, self.opens, axis=0)


Units = Mapping[tuple[str, int], UnitCounts]
"""(target, fold) → its counts; the fold is 0 where the target has none."""


@dataclass(frozen=True)
class Evidence:
    """All that the prediction files say.

    Attributes:
        units: of each target and fold.
        mistakes: run, target and the columns of `bioner.report.mistake_kinds.MISTAKES`.
        partial: run, target and the columns of `bioner.report.partial.PARTIAL`.
        pairs: run, target, gold, guess, n: words of frequent errors, where asked for.
        problems: files that could not be used.
    """

    units: Units
    mistakes: pd.DataFrame
    partial: pd.DataFrame
    pairs: pd.DataFrame
    problems: list[Problem]


@dataclass(frozen=True)
class _File:
    """What one prediction file says: rows of `MISTAKES`, `PARTIAL` and `PAIRS`.

    The pairs are None where words were asked for and the file was packed without them.
    """

    predictions: Predictions
    mistakes: list[Any]
    partial: list[Any]
    pairs: list[Any] | None


def collect(frame: pd.DataFrame, words: bool) -> Evidence:
    """Read the test predictions of all complete rows.

    A file that can't be read, or that disagrees with the record or with the gold of the other
    runs, is left out and named.

    Args:
        frame: comparable rows.
        words: whether to collect the words of errors too.
    """
    units: dict[tuple[str, int], UnitCounts] = {}
    wrong, partly, pairs, problems = [], [], [], []
    rows = list(rows_of(frame[(frame.status == "complete") & frame.place.notna()]))
    files = [Path(row.place) / "predictions" / f"{row.target}.test.tsv" for row in rows]
    read = over_cores(partial(_read, words=words), files, least=200)
    for row, file, found in zip(rows, files, read, strict=True):
        if isinstance(found, str):
            problems.append(Problem("predictions", str(file), found))
            continue
        try:
            _count(units, row, found.predictions, file)
        except DataError as error:
            problems.append(Problem("predictions", str(file), str(error)))
            continue
        about = (row.run, row.target)
        wrong += [(*about, *one) for one in found.mistakes]
        partly += [(*about, *one) for one in found.partial]
        pairs += [(*about, *one) for one in found.pairs or []]
        if found.pairs is None:
            problems.append(Problem("words", str(file), "holds no words for words=true: packed"))
    tables = [
        pd.DataFrame(found, columns=["run", "target", *columns])
        for found, columns in ((wrong, MISTAKES), (partly, PARTIAL), (pairs, PAIRS))
    ]
    return Evidence(units, tables[0], tables[1], tables[2], problems)


def _read(file: Path, words: bool) -> _File | str:
    try:
        found = read_predictions(file)
    except DataError as error:
        return str(error)
    pairs: list[Any] | None = []
    if words:
        pairs = None if {*found.words} <= {NO_WORD, ""} else word_pairs(found)
    return _File(found, mistakes(found), partial_counts(found), pairs)


def _count(
    units: dict[tuple[str, int], UnitCounts], row: Any, found: Predictions, file: Path
) -> None:
    """Add a file's counts to those of its target and fold.

    Raises:
        DataError: they are not those of the record, or the gold is not that of the other runs.
    """
    left, _, typed = found.matched
    correct = left[typed]
    sums = (len(found.gold.start), len(found.guess.start), len(correct), found.sentences)
    known = (row.support, row.predicted, row.correct, row.test_sentences)
    if sums != tuple(map(int, known)):
        names = "mentions, predicted, correct, sentences"
        raise DataError(file, None, f"holds {sums} {names}, the record says {known}")
    gold = per_sentence(found, found.gold, slice(None))
    counts = units.setdefault((row.target, row.fold), UnitCounts(found, gold))
    if not _same_gold(counts.first, found):
        raise DataError(file, None, "has other sentences or gold tags than the first run's file")
    if counts.opens is None:
        counts.opens = found.opens
    counts.predicted[row.run] = per_sentence(found, found.guess, slice(None))
    counts.correct[row.run] = per_sentence(found, found.gold, correct)


def _same_gold(one: Predictions, other: Predictions) -> bool:
    if one is other:
        return True
    parts = zip(
        *(
            (found.sentence, found.gold.start, found.gold.end, _gold_types(found))
            for found in (one, other)
        ),
        strict=True,
    )
    return all(np.array_equal(ours, theirs) for ours, theirs in parts)


def _gold_types(found: Predictions) -> np.ndarray:
    return np.array(found.types, dtype=object)[found.gold.type]


def per_sentence(found: Predictions, spans: Spans, which: slice | np.ndarray) -> np.ndarray:
    """Return how many of some mentions each sentence has, int32 [sentences]."""
    counted = np.bincount(found.sentence[spans.start[which]], minlength=found.sentences)
    return counted.astype(np.int32)
