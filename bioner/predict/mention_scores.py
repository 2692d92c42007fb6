"""Scores of mentions as they are compared across corpora: strict, and partial by nervaluate."""

from collections.abc import Sequence
from typing import Any

from nervaluate import Evaluator

from bioner.corpora.sentence import Mention
from bioner.model.metric import scores
from bioner.runs.scores import EntityScores, PartialScores

# What the record calls nervaluate's schemas (SemEval 2013 task 9.1, Segura-Bedmar et al.).
_SCHEMAS = {"partial": "partial", "overlap": "ent_type"}


def strict(
    gold: Sequence[Sequence[Mention]], guess: Sequence[Sequence[Mention]], types: Sequence[str]
) -> EntityScores:
    """Return strict scores: a mention is correct when start, end and type are right.

    Args:
        gold: the mentions of each sentence.
        guess: the predicted mentions of the same sentences.
        types: those to score, in the order of the record.
    """
    counts = {name: [0, 0, 0] for name in types}
    for right, found in zip(gold, guess, strict=True):
        for place, mentions in enumerate((found, right, set(found) & set(right))):
            for mention in mentions:
                counts[mention.type][place] += 1
    micro = scores(*(sum(of_type) for of_type in zip(*counts.values(), strict=True)))
    return EntityScores(**vars(micro), by_type={name: scores(*n) for name, n in counts.items()})


def partial(
    gold: Sequence[Sequence[Mention]], guess: Sequence[Sequence[Mention]], types: Sequence[str]
) -> dict[str, PartialScores]:
    """Return scores that forgive borders; arguments as in `strict`.

    `partial`: right borders count 1, overlapping ones a half, whatever the type. `overlap`: an
    overlap with the right type counts 1.
    """
    both = [[_plain(mentions) for mentions in side] for side in (gold, guess)]
    if not any(map(any, both)):
        found: dict[str, Any] = {}
    else:
        found = Evaluator(*both, tags=list(types), loader="dict").evaluate()["overall"]
    return {
        name: PartialScores(
            *(
                float(getattr(found[schema], what)) if found else 0.0
                for what in ("precision", "recall", "f1")
            )
        )
        for name, schema in _SCHEMAS.items()
    }


def _plain(mentions: Sequence[Mention]) -> list[dict[str, Any]]:
    """Return mentions as nervaluate takes them: an end is the last word."""
    return [{"label": m.type, "start": m.start, "end": m.end - 1} for m in mentions]
