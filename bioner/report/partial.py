"""Scores with credit for partial matches, by nervaluate (the schemes of SemEval 2013, task 9)."""

from functools import cache

import numpy as np
from nervaluate import Evaluator

from bioner.report.predictions import Predictions, Spans, matches

SCHEMES = ("strict", "exact", "partial", "ent_type")
"""Same words and type; same words; an overlap, worth half; an overlap with the same type."""

OUTCOMES = ("correct", "incorrect", "partial", "missed", "spurious")

PARTIAL = ("scheme", *OUTCOMES)

Mentions = tuple[tuple[int, int, str], ...]


def partial_counts(predictions: Predictions) -> list[tuple[str | int, ...]]:
    """Return how mentions match under each scheme, rows of `PARTIAL`.

    nervaluate judges every sentence in which the two sides differ, the same pattern of mentions
    once; in the other sentences every mention is correct under every scheme, and counted so.
    """
    gold, guess = predictions.gold, predictions.guess
    left, right, typed = matches(gold, guess)
    sides = [(gold, left[typed]), (guess, right[typed])]
    differ = np.zeros(predictions.sentences, dtype=bool)
    for side, same in sides:
        differ[predictions.sentence[np.delete(side.start, same)]] = True
    totals = np.zeros((len(SCHEMES), len(OUTCOMES)), dtype=int)
    totals[:, 0] = int((~differ[predictions.sentence[gold.start]]).sum())
    chosen = [_mentions(predictions, side, differ) for side, _ in sides]
    for sentence in np.flatnonzero(differ).tolist():
        totals += _judged(*_from_zero(chosen[0].get(sentence, ()), chosen[1].get(sentence, ())))
    return [(scheme, *row) for scheme, row in zip(SCHEMES, totals.tolist(), strict=True)]


def _mentions(predictions: Predictions, spans: Spans, which: np.ndarray) -> dict[int, Mentions]:
    """Return the mentions of the chosen sentences that have any."""
    found: dict[int, list[tuple[int, int, str]]] = {}
    sentence = predictions.sentence[spans.start]
    here = which[sentence]
    columns = (sentence, spans.start, spans.end, spans.type)
    for place, *mention, kind in zip(*(column[here].tolist() for column in columns), strict=True):
        found.setdefault(place, []).append((*mention, predictions.types[kind]))
    return {place: tuple(mentions) for place, mentions in found.items()}


def _from_zero(gold: Mentions, guess: Mentions) -> tuple[Mentions, Mentions]:
    """Move both sides to the left: where in a sentence mentions stand changes nothing."""
    first = min(start for start, _, _ in (*gold, *guess))
    return (
        tuple((start - first, end - first, kind) for start, end, kind in gold),
        tuple((start - first, end - first, kind) for start, end, kind in guess),
    )


@cache
def _judged(gold: Mentions, guess: Mentions) -> np.ndarray:
    """Return nervaluate's outcomes for one sentence, `[schemes, outcomes]`."""
    sides = [
        [[{"label": kind, "start": start, "end": end - 1} for start, end, kind in side]]
        for side in (gold, guess)
    ]
    types = sorted({kind for _, _, kind in (*gold, *guess)})
    found = Evaluator(*sides, tags=types, loader="dict").evaluate()["overall"]
    return np.array([[getattr(found[s], outcome) for outcome in OUTCOMES] for s in SCHEMES])
