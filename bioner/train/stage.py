"""One training of the encoder: transfer pretraining or fine-tuning, of one task or many."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytorch_lightning as pl
import torch
from pytorch_lightning.loggers import Logger
from pytorch_lightning.plugins.io import TorchCheckpointIO

from bioner.batches.datamodule import MultiTaskData, Window
from bioner.batches.passes import Cut
from bioner.batches.plan import Plan, make_plan
from bioner.config.build import build, build_with_options
from bioner.config.identity import digest
from bioner.config.mixing import mixing_of, tasks_together
from bioner.config.train import Carry, TrainConfig
from bioner.config.trainer import hardware
from bioner.errors import ConfigError
from bioner.machine.precision import resolve_precision
from bioner.model.bank import MakeHead, build_bank
from bioner.model.encoder import load_encoder
from bioner.model.heads import Head
from bioner.model.module import TaggingModule
from bioner.model.network import Network
from bioner.model.pretrained import Pretrained
from bioner.model.weighting import build_weighting
from bioner.model.weights import Weights
from bioner.runs.record import Affinity, Best, Mixing, StageTiming
from bioner.train.checkpoint_file import StreamedCheckpoints
from bioner.train.lookahead import LookaheadAffinity
from bioner.train.processes import meet
from bioner.train.progress import StageProgress
from bioner.train.resuming import Checkpoint
from bioner.train.selection import KeepBest
from bioner.train.tasks import Task

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Stage:
    """What is trained on, for how long, and by what it is selected.

    Attributes:
        name: `pretrain` or `finetune`.
        tasks: the tasks that batches are drawn from.
        targets: those whose passes make an epoch.
        groups: the tasks on whose mean devel F1 each set of weights is selected.
        epochs: passes over the targets, or None.
        steps: updates, or None.
        affinity_every: updates between two looks at the tasks' affinity; None: nobody looks.
    """

    name: str
    tasks: Mapping[str, Task]
    targets: Sequence[str]
    groups: Mapping[str, Sequence[str]]
    epochs: int | None
    steps: int | None
    affinity_every: int | None = None

    @property
    def tags(self) -> dict[str, tuple[str, ...]]:
        """The label space of each task."""
        return {name: task.corpus.tags for name, task in self.tasks.items()}


@dataclass(frozen=True)
class Trained:
    """A finished stage: its module and trainer, what was selected, drawn, seen and spent."""

    module: TaggingModule
    trainer: pl.Trainer
    best: dict[str, Best]
    files: dict[str, Path]
    mixing: Mixing
    affinity: Affinity | None
    seconds: float
    earlier_seconds: float
    words: int

    @property
    def timing(self) -> StageTiming:
        """What the record says of it."""
        return StageTiming(self.seconds, self.words / self.seconds, self.earlier_seconds)


def make_module(
    stage: Stage, config: TrainConfig, pretrained: Pretrained, steps: int
) -> TaggingModule:
    """Build the network of a stage and what trains it."""
    torch.manual_seed(config.seed)
    encoder = load_encoder(pretrained)
    if config.encoder.flash_attention:
        _check_flash(config, stage)
        encoder.attend_with_flash()
    if config.encoder.compile:
        encoder.compile_transformer()
    network = Network(
        encoder, build_bank(config.head.shared, stage.tags, _head_maker(config, encoder.hidden))
    )
    scored = {t: stage.tasks[t].corpus.types for group in stage.groups.values() for t in group}
    weighting = build_weighting(config.weighting, list(stage.tasks))
    return TaggingModule(network, scored, weighting, config.optimizer, steps, seed=config.seed)


def _head_maker(config: TrainConfig, hidden: int) -> MakeHead:
    """Return what makes a head, whose first weights depend on the seed and its name alone."""

    def make(name: str, tags: Sequence[str]) -> Head:
        torch.manual_seed(int(digest([config.seed, name])[:8], 16))
        head: Head = build_with_options("head", config.head, hidden=hidden, tags=tags)
        return head

    return make


def _check_flash(config: TrainConfig, stage: Stage) -> None:
    bits, device = precision(config), hardware(config.trainer).accelerator
    for key, value, fits in (
        ("trainer.precision", bits, "16" in bits),
        ("trainer.accelerator", device, device != "cpu"),
        # It looks in float32, outside of what Lightning casts.
        ("finetune.affinity_every", stage.affinity_every, stage.affinity_every is None),
    ):
        if not fits:
            legal = "null, or 16 bits on a GPU without finetune.affinity_every"
            raise ConfigError("encoder.flash_attention", f"is true with {key}={value}", legal)


def plan_stage(stage: Stage, config: TrainConfig, window: Window, processes: int) -> Plan:
    """Resolve sizes, shares and the order of all batches, and print them."""
    sizes = {name: len(task.used) for name, task in stage.tasks.items()}
    special = window.special.count
    cuts = {name: _cut(task, config, processes, special) for name, task in stage.tasks.items()}
    plan = make_plan(
        mixing_of(config.mixing, list(sizes)),
        sizes,
        stage.targets,
        cuts,
        stage.epochs,
        stage.steps,
        config.seed,
        tasks_together(config.mixing, len(sizes)),
    )
    log.info(
        "%s: %d epochs, %d steps, mixing %s",
        stage.name,
        plan.epochs,
        plan.steps,
        config.mixing.strategy,
    )
    for row in plan.describe():
        log.info(
            "  %-24s %7d sentences %6.2f %% of the batches, about %.0f",
            row.task,
            row.sentences,
            100 * row.share,
            row.expected,
        )
    return plan


def _cut(task: Task, config: TrainConfig, processes: int, special: int) -> Cut:
    """Return how a task's passes are cut: the batches of all processes together.

    Args:
        task: whose passes.
        config: says how large a batch is.
        processes: that share a batch.
        special: tokens in each row beside the pieces of words.
    """
    sentences, tokens = config.batch.sentences * processes, config.batch.tokens
    if tokens is None:
        return Cut(sentences)
    lengths = task.encoded["train"].sentence_pieces[task.used] + special
    return Cut(sentences, tokens * processes, lengths)


def precision(config: TrainConfig) -> str:
    """Return the precision that the run trains in, `auto` resolved for this machine."""
    asked = hardware(config.trainer)
    return resolve_precision(asked.precision, asked.accelerator)


def _make_trainer(
    config: TrainConfig, callbacks: list[pl.Callback], folder: Path, logger: Logger | None
) -> pl.Trainer:
    trainer: pl.Trainer = build(
        "trainer",
        config.trainer | {"precision": precision(config)},
        callbacks=callbacks,
        logger=logger or False,
        default_root_dir=folder,
        max_epochs=-1,
        gradient_clip_val=config.optimizer.clip,
        reload_dataloaders_every_n_epochs=1,
        use_distributed_sampler=False,
        num_sanity_val_steps=0,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    if type(trainer.strategy.checkpoint_io) is TorchCheckpointIO:  # and no plugin of the user's
        trainer.strategy.checkpoint_io = StreamedCheckpoints()
    return trainer


def train_stage(
    stage: Stage,
    config: TrainConfig,
    pretrained: Pretrained,
    folder: Path,
    logger: Logger | None,
    start: Weights | None = None,
    carry: Carry = Carry.encoder,
) -> Trained:
    """Train one stage, going on from its checkpoint where a killed one left it.

    Args:
        stage: what to train.
        config: the run's config.
        pretrained: the encoder that the config names.
        folder: where the selected weights and the checkpoint are written.
        logger: where metrics go, or None.
        start: the weights of an earlier stage.
        carry: what is taken over from them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    window = pretrained.window
    checkpoint = Checkpoint(folder / f"{stage.name}.ckpt", stage.name, config.checkpoint_minutes)
    keep = KeepBest(stage.groups, folder)
    progress = StageProgress(stage.name)
    callbacks: list[pl.Callback] = [keep, checkpoint, progress]
    affinity = None
    if stage.affinity_every is not None:
        affinity = LookaheadAffinity(
            stage.tasks, stage.affinity_every, config.batch.sentences, window, config.seed
        )
        callbacks.append(affinity)
    trainer = _make_trainer(config, callbacks, folder, logger)
    plan = plan_stage(stage, config, window, trainer.world_size)
    # The plan needs the number of processes, which the trainer alone knows.
    trainer.fit_loop.max_epochs = plan.epochs
    progress.steps = plan.steps
    module = make_module(stage, config, pretrained, plan.steps)
    if trainer.world_size > 1 and module.weighting.works_on_gradients:
        found = f"is {config.weighting.strategy}, which works on gradients, in several processes"
        raise ConfigError("weighting.strategy", found, "trainer.devices=1, or weighting=equal")
    if start is not None:
        module.network.carry(start, carry)
    train = {name: (task.encoded["train"], task.used) for name, task in stage.tasks.items()}
    scored = (stage.tasks[name] for group in stage.groups.values() for name in group)
    devel = {t.corpus.name: (t.encoded["devel"], t.scored["devel"]) for t in scored}
    data = MultiTaskData(train, devel, plan, window)
    earlier = checkpoint.found(module.state_dict())
    try:
        trainer.fit(module, data, ckpt_path=earlier, weights_only=True)
    finally:
        progress.close()
    _say_what_learnt_nothing(keep.best)
    meet()  # the first process has written the selected weights, which all load
    drawn = plan.drawn()
    mixing = Mixing(
        str(config.mixing.strategy),
        dict(plan.sizes),
        drawn,
        {task: n / sum(drawn.values()) for task, n in drawn.items()},
    )
    return Trained(
        module,
        trainer,
        keep.best,
        {group: keep.file(group) for group in stage.groups},
        mixing,
        affinity.result() if affinity else None,
        checkpoint.seconds(),
        checkpoint.earlier_seconds,
        checkpoint.words(module),
    )


def _say_what_learnt_nothing(best: Mapping[str, Best]) -> None:
    for group, one in best.items():
        if one.f1 == 0:
            log.warning(
                "%s: devel F1 was 0 after every epoch: either nothing was learnt (another "
                "optimizer.lr or seed, or more epochs, may help) or devel has no mention",
                group,
            )
