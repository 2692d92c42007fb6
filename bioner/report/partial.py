"""Scores that give credit to partial matches, by nervaluate (the schemes of SemEval 2013, task 9)."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from nervaluate import Evaluator

from bioner.report.predictions import Predictions, Spans

SCHEMES = ("strict", "exact", "partial", "ent_type")
"""Same words and type; same words; an overlap, worth half; an overlap with the same type."""

_OUTCOMES = ("correct", "incorrect", "partial", "missed", "spurious")


def partial_counts(predictions: Predictions) -> pd.DataFrame:
    """Return how mentions match under each scheme: scheme, and a column for each outcome.

    nervaluate sees the sentences in which the two sides differ; in the others every mention is
    correct under every scheme, and counted so.
    """
    gold = list(_by_sentence(predictions, predictions.gold))
    guess = list(_by_sentence(predictions, predictions.guess))
    differ = [k for k, (one, other) in enumerate(zip(gold, guess, strict=True)) if one != other]
    alike = len(predictions.gold.start) - sum(len(gold[k]) for k in differ)
    found: dict[str, Any] = {}
    if differ:
        evaluator = Evaluator(
            [gold[k] for k in differ], [guess[k] for k in differ],
            tags=predictions.types, loader="dict",
        )  # fmt: skip
        found = evaluator.evaluate()["overall"]
    rows = []
    for scheme in SCHEMES:
        counts = {o: getattr(found[scheme], o) if found else 0 for o in _OUTCOMES}
        rows.append({"scheme": scheme, **counts, "correct": counts["correct"] + alike})
    return pd.DataFrame(rows)


def _by_sentence(predictions: Predictions, spans: Spans) -> Iterator[list[dict[str, Any]]]:
    """Yield the mentions of every sentence as nervaluate takes them; `end` is the last word."""
    closed = np.cumsum([word == "" for word in predictions.words])
    mentions: list[list[dict[str, Any]]] = [[] for _ in range(int(closed[-1]) + 1)]
    for start, end, kind in zip(*(a.tolist() for a in (spans.start, spans.end, spans.type)),
                                strict=True):  # fmt: skip
        label = predictions.types[kind]
        mentions[closed[start]].append({"label": label, "start": start, "end": end - 1})
    yield from mentions
