"""Predictions of a finished stage, and the scores that the record takes from them."""

from collections.abc import Iterable, Sequence
from typing import Any, cast

import pytorch_lightning as pl
import torch
from torch import Tensor

from bioner.batches.datamodule import ScoredBatches
from bioner.corpora.sentence import Mention, Sentence
from bioner.corpora.tags import spans
from bioner.model.metric import EntityCounts, scores
from bioner.model.module import TaggingModule


def predict(
    trainer: pl.Trainer, module: TaggingModule, batches: ScoredBatches, tags: Sequence[str]
) -> list[tuple[str, ...]]:
    """Return the predicted tags of every scored sentence, in the order of the file."""
    parts = cast(list[tuple[Tensor, Tensor, Tensor]], trainer.predict(module, dataloaders=batches))
    found: list[tuple[int, tuple[str, ...]]] = []
    for index, lengths, predicted in parts:
        pieces = predicted.cpu().split(lengths.tolist())
        found += [
            (i, tuple(tags[t] for t in piece.tolist()))
            for i, piece in zip(index.tolist(), pieces, strict=True)
        ]
    if trainer.world_size > 1:
        gathered: list[Any] = [None] * trainer.world_size
        torch.distributed.all_gather_object(gathered, found)
        found = [pair for part in gathered for pair in part]
    return [tags for _, tags in sorted(found)]


def score(
    types: Sequence[str],
    tags: Sequence[str],
    sentences: Sequence[Sentence],
    predicted: Sequence[Sequence[str]],
    known: set[tuple[str, ...]],
) -> dict[str, Any]:
    """Return strict entity-level scores, by type, and apart for mentions seen in training or not.

    Args:
        types: the entity types.
        tags: the label space, by id.
        sentences: with their gold tags.
        predicted: tags of each sentence.
        known: the surface forms (lower-cased words) of the mentions in the training sentences.
    """
    ids = {tag: index for index, tag in enumerate(tags)}
    # Every process of DDP has gathered the whole split.
    counts = EntityCounts(types, sync_on_compute=False)
    counts.update(
        torch.tensor([ids[tag] for row in predicted for tag in row], dtype=torch.long),
        torch.tensor([ids[tag] for s in sentences for tag in s.tags], dtype=torch.long),
        torch.tensor([len(s.words) for s in sentences], dtype=torch.long),
    )
    return dict(counts.compute()) | _by_novelty(sentences, predicted, known)


def surface(sentence: Sentence, mention: Mention) -> tuple[str, ...]:
    """Return the lower-cased words of a mention."""
    return tuple(word.lower() for word in sentence.words[mention.start : mention.end])


def surfaces(sentences: Iterable[Sentence]) -> set[tuple[str, ...]]:
    """Return the surface forms of all mentions."""
    return {surface(s, mention) for s in sentences for mention in spans(s.tags)}


def _by_novelty(
    sentences: Sequence[Sentence],
    predicted: Sequence[Sequence[str]],
    known: set[tuple[str, ...]],
) -> dict[str, Any]:
    totals = {True: [0, 0, 0], False: [0, 0, 0]}
    for sentence, tags in zip(sentences, predicted, strict=True):
        gold, guess = set(spans(sentence.tags)), set(spans(tags))
        for position, mentions in enumerate((guess, gold, guess & gold)):
            for mention in mentions:
                totals[surface(sentence, mention) in known][position] += 1
    return {"seen": scores(*totals[True]), "unseen": scores(*totals[False])}
