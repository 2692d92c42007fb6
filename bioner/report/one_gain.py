"""What some runs gain over others on one split of one target, from their prediction files."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bioner.errors import DataError
from bioner.report.evidence import UnitCounts, per_sentence
from bioner.report.prediction_arrays import read_predictions
from bioner.report.resampling import bootstrap_f1, f1, interval, over_seeds

_SAMPLES = 10_000


@dataclass
class Gain:
    """The mean gain of runs over others with the same seeds, in F1 from 0 to 1.

    Attributes:
        base: mean F1 of the others.
        f1: mean F1 of the runs.
        gain: the difference.
        low: of its 95 % interval, over units and seeds.
        high: likewise.
        not_worse: the share of the draws in which the gain is not below 0.
        unit: what is redrawn: `document` or `sentence`.
        seeds: pairs of runs.
    """

    base: float
    f1: float
    gain: float
    low: float
    high: float
    not_worse: float
    unit: str
    seeds: int


def gain_of(
    runs: Sequence[Path],
    others: Sequence[Path],
    target: str,
    split: str,
    seed: int,
    texts: Sequence[int] | None = None,
) -> Gain:
    """Compare runs with others, pair by pair, on redrawn units (`bioner.report.resampling`).

    Args:
        runs: run directories.
        others: those of as many other runs, in the order of the same seeds.
        target: of all.
        split: whose predictions are read.
        seed: of the redrawing.
        texts: for each pair the number of the text on which both are scored, as of a fold: each
            text is redrawn by itself; None: all are scored on one.

    Raises:
        DataError: a prediction file can't be read, or is of other sentences than the first of the
            same text.
    """
    pairs: dict[int, list[tuple[Path, Path]]] = {}
    for text, pair in zip(texts or [0] * len(runs), zip(runs, others, strict=True), strict=True):
        pairs.setdefault(text, []).append(pair)
    rng = np.random.default_rng(seed)
    found = [_on_one_text(one, target, split, rng) for one in pairs.values()]
    ours, theirs = (np.concatenate([getattr(one, n) for one in found]) for n in ("ours", "theirs"))
    drawn = np.clip(over_seeds(np.concatenate([one.drawn for one in found]), seed), -1, 1)
    low, high = interval(drawn)
    return Gain(
        float(theirs.mean()),
        float(ours.mean()),
        float((ours - theirs).mean()),
        low,
        high,
        float((drawn >= 0).mean()),
        found[0].unit,
        len(runs),
    )


@dataclass(frozen=True)
class _OneText:
    """F1 of both sides on one text, [pairs], and draws of the difference, [pairs, samples]."""

    ours: np.ndarray
    theirs: np.ndarray
    drawn: np.ndarray
    unit: str


def _on_one_text(
    pairs: Sequence[tuple[Path, Path]], target: str, split: str, rng: np.random.Generator
) -> _OneText:
    runs, others = zip(*pairs, strict=True)
    counts = _counts([*runs, *others], target, split)
    correct, predicted = counts.of([*counts.correct])
    gold = counts.gold
    ours, theirs = np.split(f1(correct.sum(axis=0), predicted.sum(axis=0), gold.sum()), 2)
    one, other = np.split(bootstrap_f1(correct, predicted, gold, _SAMPLES, rng), 2)
    return _OneText(ours, theirs, one - other, counts.kind)


def _counts(runs: Sequence[Path], target: str, split: str) -> UnitCounts:
    files = [run / "predictions" / f"{target}.{split}.tsv" for run in runs]
    first = read_predictions(files[0])
    gold = per_sentence(first, first.gold, slice(None))
    counts = UnitCounts(first, gold, first.opens)
    for place, file in enumerate(files):
        found = read_predictions(file)
        left, _, typed = found.matched
        if not np.array_equal(per_sentence(found, found.gold, slice(None)), gold):
            raise DataError(file, None, f"has other sentences or gold tags than {files[0]}")
        # Under its place: a run that is compared with itself is two.
        counts.predicted[str(place)] = per_sentence(found, found.guess, slice(None))
        counts.correct[str(place)] = per_sentence(found, found.gold, left[typed])
    return counts
