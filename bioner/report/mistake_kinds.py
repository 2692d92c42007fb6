"""What kinds of mistakes a prediction file holds."""

from collections import Counter

import numpy as np

from bioner.report.prediction_arrays import Predictions, Spans

KINDS = ("correct", "type", "boundary", "boundary and type", "missed", "spurious")
"""Of a gold mention: the same words and type; the same words; an overlap with the type or with
another; no overlap. Of a predicted one: `spurious`, no overlap with any gold mention."""

MISTAKES = ("kind", "gold_type", "guess_type", "length", "n")

PAIRS = ("gold", "guess", "n")

LENGTHS = ("1", "2", "3", "4", "5+")
"""Words of a mention."""

_NONE = -1


def mistakes(predictions: Predictions) -> list[tuple[str, str, str, str, int]]:
    """Return how often each kind occurs in a prediction file, by types and by length.

    A gold mention that overlaps several predicted ones is judged by the one with the same words,
    else by the first.

    Returns:
        Rows of `MISTAKES`; a type is empty where there is none.
    """
    gold, guess = predictions.gold, predictions.guess
    partner = _first_overlap(gold, guess)
    left, right, _ = predictions.matched
    partner[left] = right
    spurious = np.flatnonzero(_first_overlap(guess, gold) == _NONE)
    found = partner != _NONE
    guess_type = np.full(len(partner), _NONE)
    guess_type[found] = guess.type[partner[found]]
    exact = np.zeros(len(partner), dtype=bool)
    exact[left] = True
    typed = guess_type == gold.type
    kind = np.select([exact & typed, exact, found & typed, found], [0, 1, 2, 3], default=4)
    none = np.full(len(spurious), _NONE)
    columns = [
        np.append(kind, np.full(len(spurious), 5)),
        np.append(gold.type, none),
        np.append(guess_type, guess.type[spurious]),
        np.append(_length(gold), _length(guess)[spurious]),
    ]
    names = [*predictions.types, ""]
    # One number a row, in the rows' order; -1 is the smallest type.
    sizes = (len(KINDS), len(names), len(names), len(LENGTHS))
    codes = np.ravel_multi_index((columns[0], columns[1] + 1, columns[2] + 1, columns[3]), sizes)
    found_codes, n = np.unique(codes, return_counts=True)
    rows = (part.tolist() for part in np.unravel_index(found_codes, sizes))
    return [
        (KINDS[kind], names[gold_type - 1], names[guess_type - 1], LENGTHS[length], count)
        for kind, gold_type, guess_type, length, count in zip(*rows, n.tolist(), strict=True)
    ]


def _length(spans: Spans) -> np.ndarray:
    return np.minimum(spans.end - spans.start, len(LENGTHS)) - 1


def _first_overlap(these: Spans, others: Spans) -> np.ndarray:
    """Return the index of the first of the others that each overlaps, or -1."""
    first = np.searchsorted(others.end, these.start, side="right")
    inside = first < len(others.start)
    overlaps = inside.copy()
    overlaps[inside] = others.start[first[inside]] < these.end[inside]
    return np.where(overlaps, first, _NONE)


def word_pairs(predictions: Predictions, most: int = 50) -> list[tuple[str, str, int]]:
    """Return the most frequent errors by their words, rows of `PAIRS`.

    The words are text of the corpus.
    """
    gold, guess = predictions.gold, predictions.guess
    partner = _first_overlap(gold, guess)
    left, right, typed = predictions.matched
    partner[left] = right
    correct = set(left[typed].tolist())
    pairs: Counter[tuple[str, str]] = Counter()
    for index, other in enumerate(partner.tolist()):
        if index not in correct:
            pairs[_named(predictions, gold, index), _named(predictions, guess, other)] += 1
    for index in np.flatnonzero(_first_overlap(guess, gold) == _NONE).tolist():
        pairs["", _named(predictions, guess, index)] += 1
    return [(*pair, n) for pair, n in pairs.most_common(most)]


def _named(predictions: Predictions, spans: Spans, index: int) -> str:
    if index == _NONE:
        return ""
    words = predictions.words[spans.start[index] : spans.end[index]]
    return f"{' '.join(words)} ({predictions.types[spans.type[index]]})"
