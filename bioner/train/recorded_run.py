"""The work of one run, from its config to its record."""

import logging
import resource
import sys
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from omegaconf import OmegaConf
from pytorch_lightning.loggers import Logger

from bioner.config.identity import regime, what_counts, with_precision
from bioner.config.train import TrainConfig
from bioner.corpora.catalogue import Corpus
from bioner.errors import DivergedError
from bioner.machine.precision import keep_memory
from bioner.machine.processes import is_first
from bioner.machine.writing import whole
from bioner.model.pretrained import Pretrained
from bioner.runs.course import forget_course, seconds_of, write_course
from bioner.runs.environment import environment
from bioner.runs.leftovers import drop_checkpoint
from bioner.runs.record import Failure, Record, Timing, begin, mean_devel
from bioner.runs.record_file import write_record
from bioner.runs.store import sha256
from bioner.tracking.loggers import close_logger, open_logger
from bioner.tracking.mention_tables import PredictedSplit
from bioner.train.assembly import precision
from bioner.train.earlier import Done, earlier_stage, key_of, start_of
from bioner.train.hardware_check import check_hardware
from bioner.train.last import last_stage
from bioner.train.recipe_warnings import warn_of_rate
from bioner.train.score_table import score_lines
from bioner.train.scoring import TagIds, score_target
from bioner.train.selftraining import check_text
from bioner.train.stage import stage_of
from bioner.train.stage_kinds import asked_stages
from bioner.train.stopping import StoppedOnTheWay
from bioner.train.tasks import load_tasks
from bioner.train.training import Trained

log = logging.getLogger(__name__)


def recorded_run(config: TrainConfig, directory: Path) -> float:
    """Train, test and record one run; the caller holds its directory.

    Args:
        config: the checked config.
        directory: the run's directory.

    Returns:
        The mean devel F1 of the targets; NaN where devel was trained on.

    Raises:
        UserError: what the user gave can't be used.
        Stopped: a signal asked the process to end.
    """
    _quieten_lightning()
    check_hardware(config)
    keep_memory()
    if is_first():
        # With rerun=true: were it killed, the old record would stand over the new weights.
        (directory / "record.json").unlink(missing_ok=True)
        with whole(directory / "config.yaml") as temporary:
            OmegaConf.save(OmegaConf.structured(config), temporary)
    record = begin(
        directory.name,
        config.study,
        regime(config),
        config.seed,
        precision(config),
        what_counts(config),
        environment(),
    )
    record.encoder_label = config.encoder.label
    log.info("precision: %s", record.precision)
    warn_of_rate(config)
    tested: dict[str, PredictedSplit] = {}
    try:
        with _recorded(config, directory, record, tested) as logger:
            _run(config, directory, record, tested, logger)
    except StoppedOnTheWay as stopped:
        log.info("%s: %s", stopped, directory)
        return stopped.course.mean(config)
    if is_first():
        drop_checkpoint(directory)
        forget_course(directory)
        _say(record, directory)
    return mean_devel(record)


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
        record.status = "diverged" if isinstance(error, DivergedError) else "failed"
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
    """Do stage after stage, and score what the last one selected."""
    config = with_precision(config, record.precision)  # resolved once
    pretrained = Pretrained(config.encoder)
    longest_word = pretrained.window.room
    stages = asked_stages(config)
    tasks = load_tasks(config, stages, pretrained.tokenizer, longest_word)
    check_text(config, tasks)
    datasets = {name: task for of_stage in tasks.values() for name, task in of_stage.items()}
    record.datasets = {name: task.contents(longest_word) for name, task in datasets.items()}
    record.encoder_sha256 = pretrained.fingerprint
    done: Done | None = None
    for asked in stages[:-1]:
        done = earlier_stage(asked, tasks[asked.name], config, pretrained, logger, done)
        record.stages.append(done.record)
    last = stage_of(stages[-1], tasks[stages[-1].name])
    key = key_of(last, config, pretrained, done)
    start, folder = start_of(stages[-1], done), directory / "checkpoints"
    try:
        trained = last_stage(last, key, config, pretrained, folder, logger, start)
    except StoppedOnTheWay as stopped:
        stopped.course.seconds |= seconds_of(record.stages)
        write_course(directory, stopped.course)
        raise
    window = pretrained.window_for(last.tags)
    weights = {group: sha256(file) for group, file in trained.files.items()}
    record.stages.append(replace(trained.record, key=key, weights=weights))
    record.best = dict(trained.record.best)
    record.timing = _timing(trained)
    for target in last.groups:
        splits = ["devel", "test"] if config.finetune.test else ["devel"]
        scores, predicted = score_target(
            target, last.tasks[target], trained, window, directory, splits
        )
        record.scores[target] = scores
        if predicted is not None:
            tested[target] = _tested(last.tasks[target].corpus, predicted)
    devel = [scores.devel for scores in record.scores.values()]
    record.collapsed = any(one.support > 0 and one.correct == 0 for one in devel)


def _timing(trained: Trained) -> Timing:
    """Return what the last stage took; another run's time before its own last start is not ours."""
    assert trained.record.timing is not None
    timing = Timing(**vars(trained.record.timing))
    return replace(timing, earlier_seconds=0.0) if trained.record.reused else timing


def _tested(corpus: Corpus, predicted: list[TagIds]) -> PredictedSplit:
    # The sentences are those of the corpus, which may be mapped from disk: no copy is kept.
    return PredictedSplit(corpus.splits["test"].sentences, predicted, corpus.types)


def _peak_rss() -> int:
    """Return the largest resident memory of this process so far, in bytes."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _say(record: Record, directory: Path) -> None:
    for line in score_lines(record.scores):
        log.info("%s", line)
    if any(record.task(name).devel_trained for name in record.scores):
        log.info("devel was trained on (finetune.train_on): its F1 says nothing of new text")
    log.info("run directory: %s", directory)
