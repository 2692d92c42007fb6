"""One run, from its config to its record."""

import logging
import resource
import sys
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from omegaconf import OmegaConf
from pytorch_lightning.loggers import Logger

from bioner.batches.datamodule import ScoredBatches, Shard, Window
from bioner.config.identity import regime, what_counts
from bioner.config.train import Pretraining, TrainConfig
from bioner.corpora.catalogue import Corpus
from bioner.errors import Stopped, UserError
from bioner.machine.precision import keep_memory
from bioner.machine.signals import END_SIGNALS
from bioner.model.pretrained import Pretrained
from bioner.model.weights import load_weights
from bioner.runs.environment import environment
from bioner.runs.inputs import check_inputs
from bioner.runs.leftovers import remove_leftovers
from bioner.runs.predictions import write_predictions
from bioner.runs.record import (
    FINETUNE,
    PRETRAIN,
    Failure,
    Record,
    Source,
    StageRecord,
    Timing,
    begin,
    mean_devel,
)
from bioner.runs.record_file import finished, read_record, write_record
from bioner.runs.scores import SplitScores, TargetScores
from bioner.runs.store import Stored, sha256
from bioner.tracking.loggers import close_logger, open_logger
from bioner.tracking.mention_tables import PredictedSplit
from bioner.train.hardware import check_hardware
from bioner.train.pretraining import pretrain, stage_record
from bioner.train.processes import is_first, one_at_a_time
from bioner.train.scoring import TagIds, predict, score, surfaces
from bioner.train.stage import Stage, Trained, precision, train_stage
from bioner.train.tasks import Task, load_tasks

log = logging.getLogger(__name__)


def train(config: TrainConfig, directory: Path) -> float:
    """Train, test and record one run, or skip it where its record says that it is finished.

    Args:
        config: the checked config.
        directory: the run's directory.

    Returns:
        The mean devel F1 of the targets.

    Raises:
        UserError: what the user gave can't be used.
        Stopped: a signal asked the process to end.
    """
    with END_SIGNALS.heard(), one_at_a_time(directory):
        if is_first():
            remove_leftovers(directory, directory / "checkpoints")
        found = None if config.rerun else finished(directory)
        if found is not None:
            _drop_checkpoint(directory)
            check_inputs(config, found)
            log.info("skipped, finished already: %s", directory)
            return mean_devel(found.best)
        try:
            return _train(config, directory)
        except Stopped as stopped:
            if stopped.left:
                raise
            left = "the same command goes on from the last checkpoint"
            raise Stopped(stopped.number, left) from None


def _train(config: TrainConfig, directory: Path) -> float:
    _quieten_lightning()
    check_hardware(config)
    keep_memory()
    if is_first():
        # With rerun=true: were it killed, the old record would stand over the new weights.
        (directory / "record.json").unlink(missing_ok=True)
        OmegaConf.save(OmegaConf.structured(config), directory / "config.yaml")
    record = begin(
        directory.name,
        config.study,
        regime(config),
        config.seed,
        precision(config),
        what_counts(config),
        environment(),
    )
    log.info("precision: %s", record.precision)
    tested: dict[str, PredictedSplit] = {}
    with _recorded(config, directory, record, tested) as logger:
        _run(config, directory, record, tested, logger)
    if is_first():
        _drop_checkpoint(directory)
        _say(record, directory)
    return mean_devel(record.best)


def _drop_checkpoint(directory: Path) -> None:
    """Remove what a run goes on from, once its record is there: not before, or a kill costs all."""
    (directory / "checkpoints" / "finetune.ckpt").unlink(missing_ok=True)


@contextmanager
def _recorded(
    config: TrainConfig, directory: Path, record: Record, tested: Mapping[str, PredictedSplit]
) -> Iterator[Logger | None]:
    """Yield the run's logger; then complete the record, tell the logger, write the record.

    An interrupted run leaves no record: it is to go on.
    """
    started = time.perf_counter()
    logger = None
    try:
        logger = open_logger(config, directory)
        yield logger
        record.status = "complete"
    except Exception as error:
        record.status = "failed"
        record.error = Failure(type(error).__name__, str(error))
        raise
    finally:
        earlier = record.timing.earlier_seconds or 0.0  # a failed run has no timing yet
        record.timing.wall_seconds = earlier + time.perf_counter() - started
        record.timing.peak_rss_bytes = _peak_rss()
        if is_first():
            record.wandb = close_logger(logger, record, tested, config, directory)
            if record.status != "unfinished":
                write_record(directory, record)


def _quieten_lightning() -> None:
    """Keep Lightning's hints, which no user of bioner can follow, out of a run's log."""
    logging.getLogger("pytorch_lightning").setLevel(logging.WARNING)
    for hint in (".*is smaller than the logging interval.*", ".*treespec, LeafSpec.*"):
        warnings.filterwarnings("ignore", message=hint)


def _run(
    config: TrainConfig,
    directory: Path,
    record: Record,
    tested: dict[str, PredictedSplit],
    logger: Logger | None,
) -> None:
    pretrained = Pretrained(config.encoder)
    window = pretrained.window
    longest_word = window.room
    tasks = load_tasks(config, pretrained.tokenizer, longest_word)
    record.datasets = {name: task.contents(longest_word) for name, task in tasks.items()}
    record.encoder_sha256 = pretrained.fingerprint
    start = _pretrained(config, tasks, pretrained, logger)
    if start is not None:
        record.stages.append(_pretraining(config, tasks, start))
    targets = config.finetune.targets
    stage = Stage(
        FINETUNE,
        {name: tasks[name] for name in (*targets, *config.finetune.auxiliaries)},
        targets,
        {target: [target] for target in targets},
        config.finetune.epochs,
        config.finetune.steps,
        config.finetune.affinity_every,
    )
    trained = train_stage(
        stage,
        config,
        pretrained,
        directory / "checkpoints",
        logger,
        start.weights if start else None,
        config.pretrain.carry,
    )
    record.stages.append(_finetuning(stage, trained))
    record.best = dict(trained.best)
    record.timing = Timing(**vars(trained.timing))
    for target in targets:
        scores, predicted = _score(target, tasks[target], trained, window, directory)
        record.scores[target] = scores
        tested[target] = _tested(tasks[target].corpus, predicted)


def _finetuning(stage: Stage, trained: Trained) -> StageRecord:
    return StageRecord(
        stage.name,
        "",
        False,
        {name: task.use() for name, task in stage.tasks.items()},
        trained.mixing,
        dict(trained.best),
        trained.timing,
        trained.affinity,
    )


def _pretraining(config: TrainConfig, tasks: dict[str, Task], start: Stored) -> StageRecord:
    if config.pretrain.kind == Pretraining.sources:
        return stage_record(config, tasks, start)
    return StageRecord(PRETRAIN, "", True, {}, None, {}, None, source=Source(**start.about))


def _pretrained(
    config: TrainConfig, tasks: dict[str, Task], pretrained: Pretrained, logger: Logger | None
) -> Stored | None:
    if config.pretrain.kind == Pretraining.none:
        return None
    if config.pretrain.kind == Pretraining.checkpoint:
        return _from_run(Path(str(config.pretrain.checkpoint)))
    found = pretrain(config, tasks, pretrained, logger)
    log.info(
        "pretraining on %s: %s (stage %s)",
        ", ".join(config.pretrain.sources),
        "reused" if found.reused else "trained",
        found.about["key"],
    )
    return found


def _from_run(place: Path) -> Stored:
    """Take the selected weights of a finished run, or one file of them."""
    if place.is_file():
        return _stored(place)
    record = read_record(place)
    if record.status != "complete":
        raise UserError(f"pretrain.checkpoint: the run {place} is {record.status}")
    files = sorted((place / "checkpoints").glob("*.safetensors"))
    if len(files) != 1:
        names = ", ".join(str(file) for file in files)
        raise UserError(
            f"pretrain.checkpoint: {place} holds {len(files)} sets of weights, one is needed; "
            f"name one of them: {names or '(none)'}"
        )
    return _stored(files[0])


def _stored(file: Path) -> Stored:
    return Stored(
        load_weights(file), {"checkpoint": str(file), "sha256": sha256(file)}, reused=True
    )


def _score(
    target: str, task: Task, trained: Trained, window: Window, directory: Path
) -> tuple[TargetScores, list[TagIds]]:
    """Score devel and, this once, test with the target's selected weights.

    Returns:
        The scores, and the predicted tag ids of each test sentence.
    """
    trained.module.network.load(load_weights(trained.files[target]))
    shard = Shard(trained.trainer.global_rank, trained.trainer.world_size)
    train_sentences = task.corpus.splits["train"].sentences
    # Where nothing is marked there is nothing to know; of a large corpus that is most.
    marked = np.intersect1d(task.used, train_sentences.with_mention(), assume_unique=True)
    known = surfaces(train_sentences[int(i)] for i in marked)
    found: dict[str, SplitScores] = {}
    for split in ("devel", "test"):
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
    return TargetScores(**found), predicted


def _tested(corpus: Corpus, predicted: list[TagIds]) -> PredictedSplit:
    # The sentences are those of the corpus, which may be mapped from disk: no copy is kept.
    return PredictedSplit(corpus.splits["test"].sentences, predicted, corpus.types)


def _peak_rss() -> int:
    """Return the largest resident memory of this process so far, in bytes."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _say(record: Record, directory: Path) -> None:
    log.info("%-24s %10s %10s %10s %10s", "dataset", "devel F1", "precision", "recall", "test F1")
    for name, scores in record.scores.items():
        log.info(
            "%-24s %10.4f %10.4f %10.4f %10.4f",
            name,
            scores.devel.f1,
            scores.test.precision,
            scores.test.recall,
            scores.test.f1,
        )
    log.info("run directory: %s", directory)
