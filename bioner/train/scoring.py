"""Predictions of a finished stage, and the scores that the record takes from them."""

import logging
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytorch_lightning as pl
import torch
from numpy.typing import NDArray
from torch import Tensor

from bioner.batches.scored import ScoredBatches, Shard
from bioner.batches.window import Window
from bioner.corpora.sentence import Sentence
from bioner.corpora.tag_ids import mentions_of
from bioner.corpora.tags import spans
from bioner.model.metric import EntityCounts, scores
from bioner.model.module import TaggingModule
from bioner.model.weights import load_weights
from bioner.runs.predictions import write_predictions
from bioner.runs.scores import Scores, SplitScores, TargetScores, split_scores
from bioner.train.tasks import Task
from bioner.train.training import Trained

log = logging.getLogger(__name__)

TagIds = NDArray[np.int64]
"""Tag ids in the order of `bioner.corpora.tags.tag_set`, [words of a sentence]."""


def predict(trainer: pl.Trainer, module: TaggingModule, batches: ScoredBatches) -> list[TagIds]:
    """Return the predicted tag ids of every scored sentence, in the order of the file.

    Every process of DDP gets those of the whole split.
    """
    parts = cast(list[tuple[Tensor, Tensor, Tensor]], trainer.predict(module, dataloaders=batches))
    found: list[tuple[int, TagIds]] = []
    for index, lengths, predicted in parts:
        rows = np.split(predicted.cpu().numpy(), np.cumsum(lengths.tolist())[:-1])
        found += zip(index.tolist(), rows, strict=True)
    if trainer.world_size > 1:
        gathered: list[Any] = [None] * trainer.world_size
        torch.distributed.all_gather_object(gathered, found)
        found = [pair for part in gathered for pair in part]
    return [tags for _, tags in sorted(found, key=lambda pair: pair[0])]


def score(
    types: Sequence[str],
    sentences: Sequence[Sentence],
    gold: Sequence[NDArray[np.integer]],
    predicted: Sequence[NDArray[np.integer]],
    known: set[tuple[str, ...]],
) -> SplitScores:
    """Return strict entity-level scores, by type, and apart for mentions seen in training or not.

    A split without a mention has no score.

    Args:
        types: the entity types.
        sentences: of the split, for their words.
        gold: tag ids of each sentence, [words].
        predicted: likewise.
        known: the surface forms (lower-cased words) of the mentions in the training sentences.
    """
    lengths = np.array([len(tags) for tags in gold], dtype=np.int64)
    guess, right = (np.concatenate(rows).astype(np.int64) for rows in (predicted, gold))
    # Every process of DDP has gathered the whole split.
    counts = EntityCounts(types, sync_on_compute=False)
    counts.update(*(torch.from_numpy(ids) for ids in (guess, right, lengths)))
    seen, unseen = _by_novelty(sentences, guess, right, lengths, known)
    return split_scores(counts.compute(), seen, unseen)


def score_target(
    target: str,
    task: Task,
    trained: Trained,
    window: Window,
    directory: Path,
    splits: Sequence[str],
) -> tuple[TargetScores, list[TagIds] | None]:
    """Score devel and, if it is asked for, this once test with the target's selected weights.

    Returns:
        The scores, and the predicted tag ids of each test sentence where test was scored.
    """
    trained.module.network.load(load_weights(trained.files[target]))
    shard = Shard(trained.trainer.global_rank, trained.trainer.world_size)
    train_sentences = task.corpus.to_train_on(task.devel_too)
    # Where nothing is marked there is nothing to know; of a large corpus that is most.
    marked = np.intersect1d(task.used, train_sentences.with_mention(), assume_unique=True)
    known = surfaces(train_sentences[int(i)] for i in marked)
    found: dict[str, SplitScores] = {}
    on_test: list[TagIds] | None = None
    for split in splits:
        every, encoded = task.corpus.splits[split].sentences, task.encoded[split]
        sentences = [every[i] for i in task.scored[split]]
        batches = ScoredBatches(target, encoded, task.scored[split], window, shard)
        predicted = predict(trained.trainer, trained.module, batches)
        if trained.trainer.is_global_zero:
            names = task.corpus.tags
            write_predictions(
                directory / "predictions" / f"{target}.{split}.tsv",
                sentences,
                ([names[tag] for tag in row.tolist()] for row in predicted),
            )
        gold = [encoded.sentence_tags(int(i)) for i in task.scored[split]]
        found[split] = score(task.corpus.types, sentences, gold, predicted, known)
        if found[split].f1 is None:
            log.warning("%s: %s has no mention, so that it has no score", target, split)
        if split == "test":
            on_test = predicted
    return TargetScores(found["devel"], found.get("test")), on_test


def surface(sentence: Sentence, start: int, end: int) -> tuple[str, ...]:
    """Return the lower-cased words of a mention."""
    return tuple(word.lower() for word in sentence.words[start:end])


def surfaces(sentences: Iterable[Sentence]) -> set[tuple[str, ...]]:
    """Return the surface forms of all mentions."""
    return {surface(s, m.start, m.end) for s in sentences for m in spans(s.tags)}


def _by_novelty(
    sentences: Sequence[Sentence],
    predicted: TagIds,
    gold: TagIds,
    lengths: NDArray[np.int64],
    known: set[tuple[str, ...]],
) -> tuple[Scores, Scores]:
    """Return the scores of the mentions whose words are known, and of the others."""
    totals = {True: [0, 0, 0], False: [0, 0, 0]}
    guess, right = ({*mentions_of(ids, lengths).keys()} for ids in (predicted, gold))
    for position, mentions in enumerate((guess, right, guess & right)):
        for sentence, start, end, _ in mentions:
            totals[surface(sentences[sentence], start, end) in known][position] += 1
    return scores(*totals[True]), scores(*totals[False])
