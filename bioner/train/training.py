"""One training of the network: a stage, of one task or many, from its start to what is selected."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytorch_lightning as pl
from pytorch_lightning.loggers import Logger
from torch import Tensor

from bioner.batches.datamodule import MultiTaskData
from bioner.batches.plan import Plan
from bioner.batches.soft import SoftText
from bioner.batches.window import Window
from bioner.config.train import Carry, TrainConfig
from bioner.errors import ConfigError
from bioner.machine.processes import is_first, meet
from bioner.model.module import TaggingModule
from bioner.model.pretrained import Pretrained
from bioner.model.weights import load_weights
from bioner.runs.stage_record import Best, Mixing, StageRecord, StageTiming
from bioner.tracking.loggers import name_stage
from bioner.train.assembly import cut_of, make_module, make_trainer, plan_stage
from bioner.train.conflict import GradientConflict
from bioner.train.early_stopping import StopEarly
from bioner.train.lookahead import LookaheadAffinity
from bioner.train.progress import StageProgress
from bioner.train.recipe_warnings import CollapseWatch, warn_of_few_updates
from bioner.train.resuming import Checkpoint
from bioner.train.selection import KeepSelected
from bioner.train.selftraining import taught_by
from bioner.train.stage import Stage
from bioner.train.starting import HeadStarter, Probed
from bioner.train.stopping import Stop, StopAfter

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Start:
    """What a training starts from.

    Attributes:
        file: an earlier stage's weights; None: those of the encoder that the config names.
        carry: what is taken over of them.
        teachers: the weights that label text for each target; none where nobody does.
    """

    file: Path | None = None
    carry: Carry = Carry.encoder
    teachers: Mapping[str, Path] = field(default_factory=dict)


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
    key: str,
    config: TrainConfig,
    pretrained: Pretrained,
    folder: Path,
    logger: Logger | None,
    start: Start,
    stop: Stop | None = None,
) -> Trained:
    """Train one stage, going on from its checkpoint where a killed one left it.

    Args:
        stage: what to train.
        key: the hash of all that determines it; a checkpoint of another is not gone on from.
        config: the run's config.
        pretrained: the encoder that the config names.
        folder: where the selected weights and the checkpoint are written.
        logger: where metrics go, or None.
        start: what it starts from.
        stop: where it stops on the way; None: it does not.

    Raises:
        ConfigError: what the config asks for can't be done together.
        StoppedOnTheWay: after so many epochs.
        Stopped: a signal asked the process to end.
    """
    folder.mkdir(parents=True, exist_ok=True)
    name_stage(logger, stage.name)
    file = folder / f"{stage.name}.ckpt"
    checkpoint = Checkpoint(file, stage.name, key, config.checkpoint_minutes)
    keep = KeepSelected(stage.groups, folder, config.selection, config.average_epochs)
    progress = StageProgress(stage.name)
    affinity, conflict = _looks(stage, config, pretrained)
    probed, collapse = Probed(), CollapseWatch()
    early = None if stage.patience is None else StopEarly(stage.name, stage.patience, keep)
    on_the_way = None if stop is None else StopAfter(stop, keep, checkpoint)
    more = [one for one in (early, affinity, conflict, on_the_way) if one is not None]
    callbacks: list[pl.Callback] = [keep, checkpoint, progress, probed, collapse, *more]
    trainer = make_trainer(config, callbacks, folder, logger)
    window = pretrained.window_for(stage.tags)
    plan = plan_stage(stage, config, window, trainer.world_size)
    # The plan needs the number of processes, which the trainer alone knows.
    trainer.fit_loop.max_epochs = plan.epochs
    progress.steps = collapse.steps = plan.steps
    warn_of_few_updates(stage.name, plan.steps)
    device = trainer.strategy.root_device
    taught = taught_by(start.teachers, stage, config, pretrained, folder, device)
    module = make_module(stage, config, pretrained, plan.steps)
    _check_gradients(trainer, module, config)
    fresh: dict[str, Tensor | None] = dict.fromkeys(stage.tasks)
    if start.file is not None:
        fresh = module.network.carry(load_weights(start.file), start.carry)
    earlier = checkpoint.found(module.state_dict())
    if earlier is None and is_first():
        # DistributedDataParallel hands the weights of the first process to the others.
        starter = HeadStarter(config, pretrained, device)
        probed.f1 = starter.start(module.network, stage, fresh)
    cut = partial(cut_of, config, trainer.world_size, window)
    soft = {name: one.text(partial(cut, name), config.seed, stage) for name, one in taught.items()}
    data = _data(stage, plan, window, config.batch.accumulate, soft)
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
        unlabelled={name: one.about for name, one in taught.items()},
        conflict=conflict.result() if conflict else None,
    )
    return Trained(module, trainer, {group: keep.file(group) for group in stage.groups}, record)


def _looks(
    stage: Stage, config: TrainConfig, pretrained: Pretrained
) -> tuple[LookaheadAffinity | None, GradientConflict | None]:
    """Return what looks at how the tasks of a stage get on, where that is asked for."""
    window = pretrained.window_for(stage.tags)
    about = config.batch.sentences, window, config.seed
    affinity, conflict = stage.affinity_every, stage.conflict_every
    return (
        None if affinity is None else LookaheadAffinity(stage.tasks, affinity, *about),
        None if conflict is None else GradientConflict(stage.tasks, conflict, *about),
    )


def _check_gradients(trainer: pl.Trainer, module: TaggingModule, config: TrainConfig) -> None:
    if not module.weighting.works_on_gradients:
        return
    found = f"is {config.weighting.strategy}, which works on gradients"
    if trainer.world_size > 1:
        legal = "trainer.devices=1, or weighting=equal"
        raise ConfigError("weighting.strategy", f"{found}, in several processes", legal)
    if not module.network.shared():
        legal = "a smaller encoder.frozen_layers, or weighting=equal"
        raise ConfigError("weighting.strategy", f"{found}, and no trained weight is shared", legal)


def _data(
    stage: Stage, plan: Plan, window: Window, parts: int, soft: Mapping[str, SoftText]
) -> MultiTaskData:
    train = {name: (task.training, task.used) for name, task in stage.tasks.items()}
    scored = {name: stage.tasks[name] for name in stage.scored}
    devel = {name: (t.encoded["devel"], t.scored["devel"]) for name, t in scored.items()}
    return MultiTaskData(train, devel, plan, window, parts, soft)


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
