"""The typed schema of everything that the project owns. Values live in YAML; no torch here.

Each field says what another value of it can change (`bioner.config.effects`).

`_target_` stands only where another library's object, or one that a user may swap, is built:
there the keys are checked against the signature of what is built (`bioner.config.build`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Self

from omegaconf import MISSING

from bioner.config.blocks import DataFolders, Sampling, VerbConfig, WorkFolders
from bioner.config.dataset import DatasetConfig
from bioner.config.effects import DATA, LATER, NOTHING, RUN, STAGE, group, groups, made, value
from bioner.config.head import HeadConfig
from bioner.config.mixing import MixingConfig
from bioner.config.optimizer import OptimizerConfig
from bioner.config.per_stage import PerStage, StageConfig
from bioner.config.trainer import that_train


class Pooling(StrEnum):
    """Which of a word's pieces stand for it."""

    first = "first"
    last = "last"
    mean = "mean"


class Carry(StrEnum):
    """What a stage takes over from the one before it.

    `encoder_and_matching_heads`: heads too, where the label space is the same.
    `encoder_and_heads_by_type`: the rows of each entity type that an earlier head has, by its
    name, or where both heads have a single type.
    """

    encoder = "encoder"
    encoder_and_matching_heads = "encoder_and_matching_heads"
    encoder_and_heads_by_type = "encoder_and_heads_by_type"


class Pretraining(StrEnum):
    """Where the encoder that is fine-tuned comes from."""

    none = "none"
    sources = "sources"
    checkpoint = "checkpoint"


class Finetuning(StrEnum):
    """Whether fine-tuning is on one task or on several together."""

    single = "single"
    mtl = "mtl"


class Leakage(StrEnum):
    """What is done about training sentences that stand in a target's devel or test split."""

    warn = "warn"
    drop = "drop"
    error = "error"
    ignore = "ignore"


class Selection(StrEnum):
    """Which weights of a training are its result.

    `best`: those after the epoch with the best devel F1, for each target. `last`: those after the
    last update. `average`: the mean of those after each of the last epochs
    (`bioner.model.averaging`).
    """

    best = "best"
    last = "last"
    average = "average"


@dataclass
class AdapterConfig:
    """Few new weights that are trained in the place of the transformer's own.

    Attributes:
        kind: null, or a name in `bioner.config.choices.ADAPTERS`.
        options: handed to it as they are.
    """

    kind: str | None = value(None, STAGE)
    options: dict[str, Any] = made(dict, STAGE, neutral={})


@dataclass
class EncoderConfig:
    """A pretrained transformer and how words are read off it.

    Attributes:
        name: a hub id, a folder, or `package:MODULE/FOLDER` for weights in a Python package.
        revision: the hub commit; null takes the newest.
        lr: the peak learning rate that `optimizer.lr` takes where it is not given.
        from_scratch: null, or config values that replace the model's own: the weights are random.
        layers: the hidden layers whose mean is taken; -1 is the last.
        pooling: which pieces stand for a word.
        max_pieces: pieces in one row, special tokens included; null takes the model's own limit.
        overlap: pieces that two windows of a long sentence share.
        packed: attention inside each sentence of one padding-free row; null: where proven equal.
        flash_attention: the kernels of flash-attn for packed rows, in runs of 16 bits on a GPU.
        compile: torch.compile in training (experiments/speed/README.md: what it costs and gains).
        adapter: what is trained in the place of the transformer's own weights, if anything.
    """

    name: str = value(MISSING, STAGE)
    revision: str | None = value(None, STAGE)
    lr: float | None = value(None, NOTHING)
    from_scratch: Any = value(None, STAGE)
    layers: list[int] = made(lambda: [-1], STAGE)
    pooling: Pooling = value(Pooling.first, STAGE)
    max_pieces: int | None = value(None, STAGE)
    overlap: int = value(64, STAGE)
    packed: bool | None = value(None, STAGE)
    flash_attention: bool | None = value(None, STAGE)
    compile: bool | None = value(None, STAGE)
    adapter: AdapterConfig = group(AdapterConfig)


@dataclass
class WeightingConfig(PerStage):
    """How the losses of an update are combined.

    Attributes:
        strategy: a name in `bioner.config.choices.WEIGHTINGS`.
        options: handed to it as they are.
    """

    strategy: str = value(MISSING, STAGE)
    options: dict[str, Any] = made(dict, STAGE, neutral={})

    def of(self, tasks: Mapping[str, str]) -> Self | None:
        """Return the weighting of one stage; where there is one task, nothing is combined."""
        return self if len(tasks) > 1 else None


@dataclass
class PretrainConfig(StageConfig):
    """The transfer-pretraining stage."""

    kind: Pretraining = value(MISSING, STAGE, axis=True)
    sources: list[str] = made(list, STAGE, axis=True, role="source")
    checkpoint: str | None = value(None, STAGE, axis=True)
    carry: Carry = value(Carry.encoder, LATER)
    train_size: int | float | None = value(None, STAGE)
    devel_size: int | float | None = value(None, STAGE)
    epochs: int | None = value(None, STAGE)
    steps: int | None = value(None, STAGE)

    @property
    def left_out(self) -> bool:
        """Whether fine-tuning starts from the encoder's own weights."""
        return self.kind == Pretraining.none

    def without(self) -> Self:
        """Return the group with which fine-tuning starts from the encoder's own weights."""
        return replace(self, kind=Pretraining.none, sources=[], checkpoint=None)


@dataclass
class FinetuneConfig(StageConfig):
    """The stage that serves the targets. An epoch is one pass over the targets.

    Attributes:
        targets: the datasets that the run is to serve; of `single` one.
        affinity_every: updates between two looks at the tasks' affinity; null: nobody looks. What
            is trained is the same either way.
    """

    kind: Finetuning = value(MISSING, STAGE, axis=True)
    targets: list[str] = value(MISSING, STAGE, axis=True, role="target")
    auxiliaries: list[str] = made(list, STAGE, axis=True, role="auxiliary")
    train_size: int | float | None = value(None, STAGE, axis=True)
    auxiliary_size: int | float | None = value(None, STAGE)
    devel_size: int | float | None = value(None, STAGE)
    epochs: int | None = value(None, STAGE)
    steps: int | None = value(None, STAGE)
    affinity_every: int | None = value(None, RUN)

    def of(self, tasks: Mapping[str, str]) -> Self:
        """Return the stage without the size of auxiliaries that it lacks."""
        return self if self.auxiliaries else replace(self, auxiliary_size=None)


@dataclass
class BatchConfig:
    """What one update sees.

    Attributes:
        sentences: the most in a batch.
        tokens: null, or the most positions, sentences times the longest of them in pieces: a
            batch then holds sentences of similar length.
    """

    sentences: int = value(32, STAGE)
    tokens: int | None = value(None, STAGE)


@dataclass
class TrainConfig(Sampling, WorkFolders, DataFolders, VerbConfig):
    """The whole of `bioner train`. Every group but those of stages counts for each stage.

    Attributes:
        selection: which weights of a training are its result.
        average_epochs: of `selection=average`, how many of the last epochs.
        checkpoint_minutes: from one checkpoint of a training to the next: the most that a killed
            run loses, besides what one scoring of devel takes. 0: one after each update.
    """

    dataset: dict[str, DatasetConfig] = groups(DatasetConfig)
    encoder: EncoderConfig = group(EncoderConfig)
    head: HeadConfig = group(HeadConfig)
    mixing: MixingConfig = group(MixingConfig)
    weighting: WeightingConfig = group(WeightingConfig)
    pretrain: PretrainConfig = group(PretrainConfig)
    finetune: FinetuneConfig = group(FinetuneConfig)
    optimizer: OptimizerConfig = group(OptimizerConfig)
    batch: BatchConfig = group(BatchConfig)
    selection: Selection = value(Selection.best, STAGE, neutral=Selection.best)
    average_epochs: int = value(3, STAGE, neutral=3)
    trainer: dict[str, Any] = made(dict, STAGE, counts_as=that_train)
    logger: dict[str, Any] = made(dict, NOTHING)
    study: str = value("default", NOTHING)
    leakage: Leakage = value(Leakage.warn, DATA)
    checkpoint_minutes: float = value(5.0, NOTHING)
    rerun: bool = value(False, NOTHING)
    dry_run: bool = value(False, NOTHING)
