"""What a stage is trained with: its plan of updates, its module, Lightning's trainer."""

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytorch_lightning as pl
import torch
from numpy.typing import NDArray
from pytorch_lightning.loggers import Logger
from pytorch_lightning.plugins.io import TorchCheckpointIO

from bioner.batches.passes import Cut
from bioner.batches.plan import Plan, make_plan
from bioner.batches.window import Window
from bioner.config.build import build
from bioner.config.encoder import TaskTokens
from bioner.config.identity import digest
from bioner.config.mixing import mixing_of, tasks_together
from bioner.config.train import TrainConfig
from bioner.config.trainer import hardware
from bioner.errors import ConfigError
from bioner.machine.precision import resolve_precision
from bioner.model.bank import MakeHead, build_bank
from bioner.model.encoder import Encoder
from bioner.model.encoder_loading import load_encoder
from bioner.model.heads import Head, LinearHead, make_head
from bioner.model.module import TaggingModule
from bioner.model.network import Network
from bioner.model.pretrained import Pretrained
from bioner.model.weighting import build_weighting
from bioner.train.checkpoint_file import StreamedCheckpoints
from bioner.train.stage import Stage

log = logging.getLogger(__name__)


def make_module(
    stage: Stage, config: TrainConfig, pretrained: Pretrained, steps: int
) -> TaggingModule:
    """Build the network of a stage and what trains it."""
    torch.manual_seed(config.seed)
    encoder = load_encoder(pretrained)
    _prepare(encoder, stage, config, pretrained.window)
    network = Network(
        encoder, build_bank(config.head, stage.tags, _head_maker(config, encoder.hidden))
    )
    _check_pieces(network, config)
    if config.head.frozen:
        network.heads.requires_grad_(False)
    scored = {name: stage.tasks[name].corpus.types for name in stage.scored}
    weighting = build_weighting(config.weighting, list(stage.tasks))
    mixed = config.batch.mixed(len(stage.tasks)) is not None
    return TaggingModule(network, scored, weighting, config.optimizer, steps, config.seed, mixed)


def _prepare(encoder: Encoder, stage: Stage, config: TrainConfig, window: Window) -> None:
    """Make of an encoder what is trained."""
    asked = config.encoder
    encoder.freeze_layers(asked.frozen_layers)
    if not stage.taught and asked.task_tokens == TaskTokens.none:
        # Else a text has pieces that no dataset has, or rows have those of markers.
        encoder.train_rows(torch.from_numpy(stage.pieces(window.special)))
    if asked.flash_attention:
        _check_flash(config, stage)
        encoder.attend_with_flash()
    if asked.gradient_checkpointing:
        encoder.checkpoint_gradients()
    if asked.compile:
        encoder.compile_transformer()
    encoder.mark(stage.tags, config.seed)
    encoder.attend_to_syntax(config.seed)


def _head_maker(config: TrainConfig, hidden: int) -> MakeHead:
    """Return what makes a head, whose first weights depend on the seed and its name alone."""

    def make(name: str, tags: Sequence[str]) -> Head:
        torch.manual_seed(int(digest([config.seed, name])[:8], 16))
        return make_head(config.head, hidden, tags)

    return make


def _check_pieces(network: Network, config: TrainConfig) -> None:
    """Check that heads may be trained on each piece of a word and read off the last."""
    for fit in network.bank.fits() if network.encoder.every_piece else ():
        if not isinstance(fit.head, LinearHead):
            found = f"is every, and {type(fit.head).__name__} scores a word by those beside it"
            raise ConfigError("encoder.pooling", found, "first, last or mean, or head=linear")


def _check_flash(config: TrainConfig, stage: Stage) -> None:
    bits, device = precision(config), hardware(config.trainer).accelerator
    for key, value, fits in (
        ("trainer.precision", bits, "16" in bits),
        ("trainer.accelerator", device, device != "cpu"),
        # It looks in float32, outside of what Lightning casts.
        ("finetune.affinity_every", stage.affinity_every, stage.affinity_every is None),
        ("finetune.conflict_every", stage.conflict_every, stage.conflict_every is None),
    ):
        if not fits:
            legal = "null, or 16 bits on a GPU without finetune.affinity_every or conflict_every"
            raise ConfigError("encoder.flash_attention", f"is true with {key}={value}", legal)


def plan_stage(stage: Stage, config: TrainConfig, window: Window, processes: int) -> Plan:
    """Resolve sizes, shares and the order of all batches, and print them."""
    drawn = {
        name: window.stretches(name, task.training, task.used) for name, task in stage.tasks.items()
    }
    sizes = {name: len(stretches) for name, stretches in drawn.items()}
    cuts = {
        name: cut_of(config, processes, window, name, stretches.pieces)
        for name, stretches in drawn.items()
    }
    plan = make_plan(
        mixing_of(config.mixing, {name: task.role for name, task in stage.tasks.items()}),
        sizes,
        stage.targets,
        cuts,
        stage.epochs,
        stage.steps,
        config.seed,
        tasks_together(config.mixing, len(sizes)),
        config.batch.mixed(len(sizes), processes),
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
            "  %-24s %7d %s %6.2f %% of the batches, about %.0f",
            row.task,
            row.sentences,
            "stretches" if window.documents else "sentences",
            100 * row.share,
            row.expected,
        )
    return plan


def cut_of(
    config: TrainConfig, processes: int, window: Window, task: str, pieces: NDArray[np.integer]
) -> Cut:
    """Return how a pass over some sentences is cut: the batches of all processes together.

    Args:
        config: says how large a batch is.
        processes: that share a batch.
        window: how rows are cut.
        task: whose sentences.
        pieces: of each of them, int [sentences].
    """
    sentences, tokens = config.batch.sentences * processes, config.batch.tokens
    if tokens is None:
        return Cut(sentences)
    return Cut(sentences, tokens * processes, pieces + window.special_of(task).count)


def precision(config: TrainConfig) -> str:
    """Return the precision that the run trains in, `auto` resolved for this machine."""
    asked = hardware(config.trainer)
    return resolve_precision(asked.precision, asked.accelerator)


def make_trainer(
    config: TrainConfig, callbacks: list[pl.Callback], folder: Path, logger: Logger | None
) -> pl.Trainer:
    """Build Lightning's trainer; how many epochs there are, the plan has to say."""
    trainer: pl.Trainer = build(
        "trainer",
        pl.Trainer,
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
