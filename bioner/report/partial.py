"""Scores with credit for partial matches, by nervaluate (the schemes of SemEval 2013, task 9)."""

from collections import Counter
from functools import cache

import numpy as np
from nervaluate import Evaluator

from bioner.report.prediction_arrays import Predictions, Spans

SCHEMES = ("strict", "exact", "partial", "ent_type")
"""Same words and type; same words; an overlap, worth half; an overlap with the same type."""

OUTCOMES = ("correct", "incorrect", "partial", "missed", "spurious")

PARTIAL = ("scheme", *OUTCOMES)

_ROW = np.dtype(np.int32)


def partial_counts(predictions: Predictions) -> list[tuple[str | int, ...]]:
    """Return how mentions match under each scheme, rows of `PARTIAL`.

    Mentions that share no word say nothing of each other, so each group that overlaps is judged
    alone, and nervaluate is asked for the same pattern of mentions once. A group in which the two
    sides agree is correct under every scheme, and counted so.
    """
    gold, guess = predictions.gold, predictions.guess
    left, right, typed = predictions.matched
    alone = np.ones(len(gold.start) + len(guess.start), dtype=bool)
    alone[np.append(left[typed], len(gold.start) + right[typed])] = False
    totals = np.zeros((len(SCHEMES), len(OUTCOMES)), dtype=int)
    agreeing, patterns = _groups(gold, guess, alone)
    totals[:, 0] = agreeing
    found, types = Counter(patterns), tuple(predictions.types)
    if found:
        judged = np.concatenate([_judged(types, pattern) for pattern in found])
        times = np.array([*found.values()])
        totals += (times @ judged.reshape(len(found), -1)).reshape(totals.shape)
    return [(scheme, *row) for scheme, row in zip(SCHEMES, totals.tolist(), strict=True)]


def _groups(gold: Spans, guess: Spans, alone: np.ndarray) -> tuple[int, list[bytes]]:
    """Return the gold mentions of groups that agree, and the mentions of each other group.

    The latter are bytes of rows of side, start, end and type, moved to the left: where in a
    sentence mentions stand changes nothing.

    Args:
        gold: of the file.
        guess: of the file.
        alone: `[gold + guess]`, which mentions have no equal on the other side.
    """
    number = np.repeat([0, 1], [len(gold.start), len(guess.start)])
    start = np.append(gold.start, guess.start)
    end = np.append(gold.end, guess.end)
    kind = np.append(gold.type, guess.type)
    if not alone.any():
        return len(gold.start), []
    order = np.argsort(start, kind="stable")
    reach = np.maximum.accumulate(end[order])
    group = np.empty(len(order), dtype=np.int64)
    group[order] = np.cumsum(np.append(False, start[order][1:] >= reach[:-1]))
    differs = np.bincount(group, weights=alone)[group] > 0
    agreeing = int((~differs & (number == 0)).sum())
    order = np.lexsort((start, number, group))
    order = order[differs[order]]
    opens = np.flatnonzero(np.diff(group[order], prepend=-1))
    sizes = np.diff(np.append(opens, len(order)))
    first = np.repeat(np.minimum.reduceat(start[order], opens), sizes)
    rows = np.stack([number[order], start[order] - first, end[order] - first, kind[order]], axis=1)
    data, width = rows.astype(_ROW).tobytes(), rows.shape[1] * _ROW.itemsize
    places = zip((opens * width).tolist(), (sizes * width).tolist(), strict=True)
    return agreeing, [data[place : place + size] for place, size in places]


@cache
def _judged(types: tuple[str, ...], pattern: bytes) -> np.ndarray:
    """Return nervaluate's outcomes for one group of `_groups`, `[schemes, outcomes]`."""
    rows = np.frombuffer(pattern, dtype=_ROW).reshape(-1, 4).tolist()
    sides = [
        [
            [
                {"label": types[kind], "start": start, "end": end - 1}
                for side, start, end, kind in rows
                if side == one
            ]
        ]
        for one in (0, 1)
    ]
    tags = sorted({types[kind] for *_, kind in rows})
    found = Evaluator(*sides, tags=tags, loader="dict").evaluate()["overall"]
    return np.array([[getattr(found[s], outcome) for outcome in OUTCOMES] for s in SCHEMES])
