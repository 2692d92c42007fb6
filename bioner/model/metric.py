"""Strict entity-level precision, recall and F1, counted on the device that the tags are on."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torchmetrics import Metric

from bioner.runs.scores import EntityScores, Scores


def scores(predicted: int, support: int, correct: int) -> Scores:
    """Return the scores of some predicted entities against some gold ones.

    Args:
        predicted: number of predicted entities.
        support: number of gold entities.
        correct: number of predicted entities that are gold ones.

    Returns:
        The scores. A ratio with nothing below the line is 0.
    """
    precision = correct / predicted if predicted else 0.0
    recall = correct / support if support else 0.0
    # Not 2 * correct / (predicted + support), which differs in the last bit from seqeval's.
    f1 = 2 * precision * recall / (precision + recall) if correct else 0.0
    return Scores(
        precision=precision,
        recall=recall,
        f1=f1,
        support=support,
        predicted=predicted,
        correct=correct,
    )


class EntityCounts(Metric):
    """Predicted, gold and correct entities of each type under strict IOB2.

    Only B- opens an entity. I-X continues an open entity of type X, and is outside elsewhere.
    The border of a sentence closes the open entity. An entity is correct when start, end and type
    are right. This is what `seqeval` counts with `mode="strict", scheme=IOB2`.

    Args:
        types: the entity types, in the order of `bioner.corpora.tags.tag_set`.
        options: of `torchmetrics.Metric`.

    Attributes:
        predicted: entities in the predicted tags, Long [types].
        support: entities in the gold tags, Long [types].
        correct: predicted entities that are gold ones, Long [types].
    """

    full_state_update = False
    higher_is_better = True
    is_differentiable = False

    predicted: Tensor
    support: Tensor
    correct: Tensor

    def __init__(self, types: Sequence[str], **options: Any) -> None:
        super().__init__(**options)
        self.types = tuple(types)
        for name in ("predicted", "support", "correct"):
            zeros = torch.zeros(len(self.types), dtype=torch.long)
            self.add_state(name, default=zeros, dist_reduce_fx="sum")

    def update(self, predicted: Tensor, gold: Tensor, lengths: Tensor) -> None:
        """Count the entities of some sentences. Waits for nothing that the device computes.

        Args:
            predicted: tag ids of the words, sentence after sentence, Long [words].
            gold: tag ids of the same words, Long [words].
            lengths: number of words of each sentence, Long [sentences]; 0 is legal.
        """
        sentence = torch.repeat_interleave(lengths, output_size=gold.shape[0])
        opening = 1 + 2 * torch.arange(len(self.types), device=gold.device)
        predicted_opens = predicted[:, None] == opening  # [words, types]
        gold_opens = gold[:, None] == opening
        same_end = _ends(predicted, sentence) == _ends(gold, sentence)
        both = predicted_opens & gold_opens & same_end[:, None]
        self.predicted = self.predicted + predicted_opens.sum(0)
        self.support = self.support + gold_opens.sum(0)
        self.correct = self.correct + both.sum(0)

    def compute(self) -> EntityScores:
        """Return the micro scores, and those of each type under `by_type`."""
        counts = [self.predicted.tolist(), self.support.tolist(), self.correct.tolist()]
        micro = scores(*(sum(of_types) for of_types in counts))
        by_type = {
            name: scores(*of_type)
            for name, of_type in zip(self.types, zip(*counts, strict=True), strict=True)
        }
        return EntityScores(**vars(micro), by_type=by_type)


def _ends(tags: Tensor, sentence: Tensor) -> Tensor:
    """Return for each word the end of the entity that would be open if the word opened one.

    Args:
        tags: tag ids, Long [words].
        sentence: index of the sentence of each word, Long [words].

    Returns:
        Index of the first later word that continues nothing, or the number of words, Long [words].
    """
    words = tags.shape[0]
    types = (tags + 1) // 2  # 0 for O, which nothing continues
    inside = (tags > 0) & (tags % 2 == 0)
    continues = torch.zeros_like(inside)
    continues[1:] = inside[1:] & (types[1:] == types[:-1]) & (sentence[1:] == sentence[:-1])
    here = torch.arange(words, device=tags.device)
    # From the right, the least index of a word that continues nothing, the word itself included.
    next_break = torch.where(continues, words, here).flip(0).cummin(0).values.flip(0)
    return torch.cat([next_break[1:], next_break.new_full((min(words, 1),), words)])
