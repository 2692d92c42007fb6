"""Who a run is in Weights & Biases: the names and keys by which runs are grouped and compared."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bioner.config.encoder_label import compared_as
from bioner.config.identity import regime, what_counts
from bioner.config.parts import datasets_of, trainings_of
from bioner.config.train import TrainConfig

# W&B takes tags of 64 characters.
_LONGEST_TAG = 64


@dataclass(frozen=True)
class Identity:
    """How a run is named in W&B.

    Attributes:
        id: `<study>-<hash>`: the same for the same config, so that a run that is started again
            goes on in its own place, and never in that of another study.
        name: what a person reads; the run directory's name without its hash.
        group: the study.
        job_type: the regime.
        tags: regime, encoder, mixing, and each dataset with its role in each stage.
        config: flat keys to group by, and under `full` all that can change the result.
        stages: each training of the run, in their order, with its datasets.
    """

    id: str
    name: str
    group: str
    job_type: str
    tags: tuple[str, ...]
    config: dict[str, Any]
    stages: dict[str, tuple[str, ...]]


def identify(config: TrainConfig, run: str) -> Identity:
    """Return the identity of a run.

    Args:
        config: the run's config.
        run: the name of its directory, `<slug>-<hash>`.
    """
    name, _, digest = run.rpartition("-")
    stages = {one: datasets_of(config, stage) for one, stage in trainings_of(config).items()}
    axes = _axes(config)
    tags = [axes["regime"], axes["encoder"], f"mixing:{axes['mixing']}"]
    used = (used for datasets in stages.values() for used in datasets.items())
    tags += dict.fromkeys(f"{role}:{dataset}" for dataset, role in used)
    return Identity(
        id=f"{config.study}-{digest}"[-128:],
        name=name,
        group=config.study,
        job_type=regime(config),
        tags=tuple(tag[:_LONGEST_TAG] for tag in tags),
        config={**axes, "full": what_counts(config)},
        stages={stage: tuple(datasets) for stage, datasets in stages.items()},
    )


def in_sweep(identity: Identity, environment: Mapping[str, str] = os.environ) -> Identity:
    """Return the identity of a run that an agent of a W&B sweep starts: the sweep gives the id.

    `wandb.init` takes no other there, since the sweep waits for the run of that id.
    """
    if "WANDB_SWEEP_ID" not in environment:
        return identity
    return replace(identity, id=environment["WANDB_RUN_ID"])


def _axes(config: TrainConfig) -> dict[str, Any]:
    """Return the values that a study varies, each a plain number or word.

    Those of the recipe stand under their full keys, as a sweep names its parameters.
    """
    encoder = config.encoder
    finetune, size = config.finetune, config.finetune.train_size
    return {
        "regime": regime(config),
        "target": _joined(finetune.targets),
        "sources": _joined(config.pretrain.sources),
        "auxiliaries": _joined(finetune.auxiliaries),
        "encoder": compared_as(encoder.name, encoder.from_scratch, encoder.label),
        "mixing": str(config.mixing.strategy),
        "train_size": "all" if size is None else size,
        "seed": config.seed,
        **({} if config.fold is None else {"fold": config.fold}),
        "optimizer.lr": config.optimizer.lr,
        "optimizer.head_lr_times": config.optimizer.head_lr_times,
        "batch.sentences": config.batch.sentences,
        "finetune.epochs": finetune.epochs,
        "finetune.steps": finetune.steps,
        "head.start": str(config.head.start),
        "head.decode": str(config.head.decode),
        "selection": str(config.selection),
    }


def _joined(names: list[str]) -> str:
    return "+".join(sorted(names)) or "none"
