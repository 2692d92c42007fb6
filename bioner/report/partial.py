"""Scores with credit for partial matches, by nervaluate (the schemes of SemEval 2013, task 9)."""

from collections import Counter
from collections.abc import Iterator
from functools import cache

import numpy as np
from nervaluate import Evaluator

from bioner.report.predictions import Predictions

SCHEMES = ("strict", "exact", "partial", "ent_type")
"""Same words and type; same words; an overlap, worth half; an overlap with the same type."""

OUTCOMES = ("correct", "incorrect", "partial", "missed", "spurious")

PARTIAL = ("scheme", *OUTCOMES)

_ROW = np.dtype(np.int32)


def partial_counts(predictions: Predictions) -> list[tuple[str | int, ...]]:
    """Return how mentions match under each scheme, rows of `PARTIAL`.

    nervaluate judges every sentence in which the two sides differ, the same pattern of mentions
    once; in the other sentences every mention is correct under every scheme, and counted so.
    """
    gold, guess = predictions.gold, predictions.guess
    left, right, typed = predictions.matched
    differ = np.zeros(predictions.sentences, dtype=bool)
    for side, same in ((gold, left[typed]), (guess, right[typed])):
        differ[predictions.sentence[np.delete(side.start, same)]] = True
    totals = np.zeros((len(SCHEMES), len(OUTCOMES)), dtype=int)
    totals[:, 0] = int((~differ[predictions.sentence[gold.start]]).sum())
    found, types = Counter(_patterns(predictions, differ)), tuple(predictions.types)
    if found:
        judged = np.concatenate([_judged(types, pattern) for pattern in found])
        times = np.array([*found.values()])
        totals += (times @ judged.reshape(len(found), -1)).reshape(totals.shape)
    return [(scheme, *row) for scheme, row in zip(SCHEMES, totals.tolist(), strict=True)]


def _patterns(predictions: Predictions, which: np.ndarray) -> Iterator[bytes]:
    """Yield the mentions of each chosen sentence, as bytes of rows of side, start, end and type.

    They are moved to the left: where in a sentence mentions stand changes nothing.
    """
    sides = (predictions.gold, predictions.guess)
    number = np.repeat([0, 1], [len(side.start) for side in sides])
    start, end, kind = (
        np.concatenate([getattr(side, column) for side in sides])
        for column in ("start", "end", "type")
    )
    sentence = predictions.sentence[start]
    order = np.lexsort((start, number, sentence))
    order = order[which[sentence[order]]]
    opens = np.flatnonzero(np.diff(sentence[order], prepend=-1))
    if not len(opens):
        return
    sizes = np.diff(np.append(opens, len(order)))
    first = np.repeat(np.minimum.reduceat(start[order], opens), sizes)
    rows = np.stack([number[order], start[order] - first, end[order] - first, kind[order]], axis=1)
    data, width = rows.astype(_ROW).tobytes(), rows.shape[1] * _ROW.itemsize
    for place, size in zip((opens * width).tolist(), (sizes * width).tolist(), strict=True):
        yield data[place : place + size]


@cache
def _judged(types: tuple[str, ...], pattern: bytes) -> np.ndarray:
    """Return nervaluate's outcomes for one sentence of `_patterns`, `[schemes, outcomes]`."""
    rows = np.frombuffer(pattern, dtype=_ROW).reshape(-1, 4).tolist()
    sides = [
        [[{"label": types[kind], "start": start, "end": end - 1}
          for side, start, end, kind in rows if side == one]]
        for one in (0, 1)
    ]  # fmt: skip
    tags = sorted({types[kind] for *_, kind in rows})
    found = Evaluator(*sides, tags=tags, loader="dict").evaluate()["overall"]
    return np.array([[getattr(found[s], outcome) for outcome in OUTCOMES] for s in SCHEMES])
