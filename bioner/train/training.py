"""One training of the network: a stage, of one task or many, from its start to what is selected."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytorch_lightning as pl
from pytorch_lightning.loggers import Logger
from torch import Tensor

from bioner.batches.datamodule import MultiTaskData
from bioner.batches.plan import Plan
from bioner.config.train import Carry, TrainConfig
from bioner.errors import ConfigError
from bioner.machine.processes import is_first, meet
from bioner.model.module import TaggingModule
from bioner.model.pretrained import Pretrained
from bioner.model.weights import Weights
from bioner.runs.stage_record import Best, Mixing, StageRecord, StageTiming
from bioner.tracking.loggers import name_stage
from bioner.train.assembly import make_module, make_trainer, plan_stage
from bioner.train.early_stopping import StopEarly
from bioner.train.lookahead import LookaheadAffinity
from bioner.train.progress import StageProgress
from bioner.train.recipe_warnings import CollapseWatch, warn_of_few_updates
from bioner.train.resuming import Checkpoint
from bioner.train.selection import KeepSelected
from bioner.train.stage import Stage
from bioner.train.starting import HeadStarter, Probed
from bioner.train.stopping import Stop, StopAfter

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Start:
    """What a training starts from: an earlier stage's weights, and what is taken over of them."""

    weights: Weights
    carry: Carry


@dataclass(frozen=True)
class Trained:
    """A stage that is trained.

    Attributes:
        module: with the weights of its last step.
        trainer: with which it predicts.
        files: the selected weights of each group.
        record: of the stage, without its key and its hashes.
    """

    module: TaggingModule
    trainer: pl.Trainer
    files: dict[str, Path]
    record: StageRecord


def train_stage(
    stage: Stage,
    config: TrainConfig,
    pretrained: Pretrained,
    folder: Path,
    logger: Logger | None,
    start: Start | None = None,
    stop: Stop | None = None,
) -> Trained:
    """Train one stage, going on from its checkpoint where a killed one left it.

    Args:
        stage: what to train.
        config: the run's config.
        pretrained: the encoder that the config names.
        folder: where the selected weights and the checkpoint are written.
        logger: where metrics go, or None.
        start: what an earlier stage left; None starts from the encoder's own weights.
        stop: where it stops on the way; None: it does not.

    Raises:
        ConfigError: what the config asks for can't be done together.
        StoppedOnTheWay: after so many epochs.
        Stopped: a signal asked the process to end.
    """
    folder.mkdir(parents=True, exist_ok=True)
    name_stage(logger, stage.name)
    checkpoint = Checkpoint(folder / f"{stage.name}.ckpt", stage.name, config.checkpoint_minutes)
    keep = KeepSelected(stage.groups, folder, config.selection, config.average_epochs)
    progress = StageProgress(stage.name)
    affinity = _look_at_affinity(stage, config, pretrained)
    probed, collapse = Probed(), CollapseWatch()
    early = None if stage.patience is None else StopEarly(stage.name, stage.patience, keep)
    on_the_way = None if stop is None else StopAfter(stop, keep, checkpoint)
    more = [callback for callback in (early, affinity, on_the_way) if callback is not None]
    callbacks: list[pl.Callback] = [keep, checkpoint, progress, probed, collapse, *more]
    trainer = make_trainer(config, callbacks, folder, logger)
    plan = plan_stage(stage, config, pretrained.window, trainer.world_size)
    # The plan needs the number of processes, which the trainer alone knows.
    trainer.fit_loop.max_epochs = plan.epochs
    progress.steps = collapse.steps = plan.steps
    warn_of_few_updates(stage.name, plan.steps)
    module = make_module(stage, config, pretrained, plan.steps)
    _check_processes(trainer, module, config)
    fresh: dict[str, Tensor | None] = dict.fromkeys(stage.tasks)
    if start is not None:
        fresh = module.network.carry(start.weights, start.carry)
    earlier = checkpoint.found(module.state_dict())
    if earlier is None and is_first():
        # DistributedDataParallel hands the weights of the first process to the others.
        starter = HeadStarter(config, pretrained, trainer.strategy.root_device)
        probed.f1 = starter.start(module.network, stage, fresh)
    data = _data(stage, plan, pretrained, config.batch.accumulate)
    try:
        trainer.fit(module, data, ckpt_path=earlier, weights_only=True)
    finally:
        progress.close()
    stopped = None if early is None else early.epoch
    _say_what_learnt_nothing(keep.best)
    meet()  # the first process has written the selected weights, which all load
    seconds = checkpoint.seconds()
    timing = StageTiming(
        seconds,
        checkpoint.words(module) / seconds,
        checkpoint.earlier_seconds,
        checkpoint.threads,
    )
    record = StageRecord(
        stage.name,
        "",
        False,
        {name: task.use() for name, task in stage.tasks.items()},
        _mixing(plan, config, stopped),
        keep.best,
        timing,
        affinity.result() if affinity else None,
        probe=probed.f1,
        stopped=stopped,
        looks=keep.looks,
    )
    return Trained(module, trainer, {group: keep.file(group) for group in stage.groups}, record)


def _look_at_affinity(
    stage: Stage, config: TrainConfig, pretrained: Pretrained
) -> LookaheadAffinity | None:
    if stage.affinity_every is None:
        return None
    sentences, window = config.batch.sentences, pretrained.window
    return LookaheadAffinity(stage.tasks, stage.affinity_every, sentences, window, config.seed)


def _check_processes(trainer: pl.Trainer, module: TaggingModule, config: TrainConfig) -> None:
    if trainer.world_size > 1 and module.weighting.works_on_gradients:
        found = f"is {config.weighting.strategy}, which works on gradients, in several processes"
        raise ConfigError("weighting.strategy", found, "trainer.devices=1, or weighting=equal")


def _data(stage: Stage, plan: Plan, pretrained: Pretrained, parts: int) -> MultiTaskData:
    train = {name: (task.training, task.used) for name, task in stage.tasks.items()}
    scored = {name: stage.tasks[name] for name in stage.scored}
    devel = {name: (t.encoded["devel"], t.scored["devel"]) for name, t in scored.items()}
    return MultiTaskData(train, devel, plan, pretrained.window, parts)


def _mixing(plan: Plan, config: TrainConfig, epochs: int | None) -> Mixing:
    drawn = plan.drawn(epochs)
    shares = {task: n / sum(drawn.values()) for task, n in drawn.items()}
    return Mixing(str(config.mixing.strategy), dict(plan.sizes), drawn, shares)


def _say_what_learnt_nothing(best: Mapping[str, Best]) -> None:
    for group, one in best.items():
        if one.f1 == 0:
            log.warning(
                "%s: devel F1 was 0 after every epoch: nothing was learnt (another optimizer.lr or "
                "seed, or more epochs, may help)",
                group,
            )
