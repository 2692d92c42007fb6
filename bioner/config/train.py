"""The typed schema of everything that the project owns. Values live in YAML; no torch here.

`_target_` stands only where another library's object, or one that a user may swap, is built:
there the keys are checked against the signature of what is built (`bioner.config.build`).
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from omegaconf import MISSING

from bioner.config.dataset import DatasetConfig


class Strategy(StrEnum):
    """How the task of the next batch is drawn."""

    proportional = "proportional"
    uniform = "uniform"
    temperature = "temperature"
    weights = "weights"
    round_robin = "round_robin"
    annealed = "annealed"


class Pooling(StrEnum):
    """Which of a word's pieces stand for it."""

    first = "first"
    last = "last"
    mean = "mean"


class Carry(StrEnum):
    """What fine-tuning takes over from the pretraining stage."""

    encoder = "encoder"
    encoder_and_matching_heads = "encoder_and_matching_heads"


class Pretraining(StrEnum):
    """Where the encoder that is fine-tuned comes from."""

    none = "none"
    sources = "sources"
    checkpoint = "checkpoint"


class Finetuning(StrEnum):
    """Whether fine-tuning is on one task or on several together."""

    single = "single"
    mtl = "mtl"


class Decay(StrEnum):
    """The learning rate after the warm-up."""

    linear = "linear"
    constant = "constant"


class Leakage(StrEnum):
    """What is done about training sentences that stand in a target's devel or test split."""

    warn = "warn"
    drop = "drop"
    error = "error"
    ignore = "ignore"


class SubsetUnit(StrEnum):
    """What a subset of a train split is drawn by."""

    sentences = "sentences"
    documents = "documents"


@dataclass
class AdapterConfig:
    """Few new weights that are trained in the place of the transformer's own.

    Attributes:
        kind: null, or a name in `bioner.config.choices.ADAPTERS`.
        options: handed to it as they are.
    """

    kind: str | None = None
    options: dict[str, Any] = field(default_factory=dict)


@dataclass
class EncoderConfig:
    """A pretrained transformer and how words are read off it.

    Attributes:
        name: a hub id, a folder, or `package:MODULE/FOLDER` for weights in a Python package.
        revision: the hub commit; null takes the newest.
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

    name: str = MISSING
    revision: str | None = None
    from_scratch: Any = None
    layers: list[int] = field(default_factory=lambda: [-1])
    pooling: Pooling = Pooling.first
    max_pieces: int | None = None
    overlap: int = 64
    packed: bool | None = None
    flash_attention: bool | None = None
    compile: bool | None = None
    adapter: AdapterConfig = field(default_factory=AdapterConfig)


@dataclass
class MixingConfig:
    """How batches are drawn across tasks; sizes are in sentences.

    Attributes:
        strategy: how the shares follow from the sizes.
        temperature: T in size^(1/T).
        weights: null, or a number for each task. `Any`, since OmegaConf lets an override replace
            neither a typed dict nor an optional one as a whole; `bioner.config.checks` checks it.
    """

    strategy: Strategy = MISSING
    temperature: float = 2.0
    weights: Any = None


@dataclass
class WeightingConfig:
    """How the losses of an update are combined.

    Attributes:
        strategy: a name in `bioner.config.choices.WEIGHTINGS`.
    """

    strategy: str = MISSING


@dataclass
class PretrainConfig:
    """The transfer-pretraining stage."""

    kind: Pretraining = MISSING
    sources: list[str] = field(default_factory=list)
    checkpoint: str | None = None
    carry: Carry = Carry.encoder
    train_size: int | float | None = None
    devel_size: int | float | None = None
    epochs: int | None = None
    steps: int | None = None


@dataclass
class FinetuneConfig:
    """The stage that serves the targets. An epoch is one pass over the targets.

    Attributes:
        affinity_every: updates between two looks at the tasks' affinity; null: nobody looks. What
            is trained is the same either way.
    """

    kind: Finetuning = MISSING
    targets: list[str] = MISSING
    auxiliaries: list[str] = field(default_factory=list)
    train_size: int | float | None = None
    auxiliary_size: int | float | None = None
    devel_size: int | float | None = None
    epochs: int | None = None
    steps: int | None = None
    affinity_every: int | None = None


@dataclass
class OptimizerConfig:
    """The optimiser, its learning rates and their schedule.

    Attributes:
        lr: peak learning rate of the encoder.
        head_lr: peak learning rate of the heads; null takes `lr`.
        warmup: share of the steps in which the rate rises from 0.
        clip: largest norm of the gradient.
        options: handed to `_target_` as they are.
    """

    _target_: str = MISSING
    lr: float = MISSING
    head_lr: float | None = None
    weight_decay: float = 0.0
    warmup: float = 0.0
    decay: Decay = Decay.linear
    clip: float = 1.0
    options: dict[str, Any] = field(default_factory=dict)


@dataclass
class BatchConfig:
    """What one update sees.

    Attributes:
        sentences: the most in a batch.
        tokens: null, or the most positions, sentences times the longest of them in pieces: a
            batch then holds sentences of similar length.
    """

    sentences: int = 32
    tokens: int | None = None


@dataclass
class TrainConfig:
    """The whole of `bioner train`.

    Attributes:
        checkpoint_minutes: from one checkpoint of a training to the next: the most that a killed
            run loses, besides what one scoring of devel takes. 0: one after each update.
    """

    dataset: dict[str, DatasetConfig] = field(default_factory=dict)
    encoder: EncoderConfig = field(default_factory=EncoderConfig)
    head: dict[str, Any] = field(default_factory=dict)
    mixing: MixingConfig = field(default_factory=MixingConfig)
    weighting: WeightingConfig = field(default_factory=WeightingConfig)
    pretrain: PretrainConfig = field(default_factory=PretrainConfig)
    finetune: FinetuneConfig = field(default_factory=FinetuneConfig)
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    batch: BatchConfig = field(default_factory=BatchConfig)
    trainer: dict[str, Any] = field(default_factory=dict)
    logger: dict[str, Any] = field(default_factory=dict)
    study: str = "default"
    seed: int = 1
    subset_seed: int = 1
    subset_unit: SubsetUnit = SubsetUnit.sentences
    leakage: Leakage = Leakage.warn
    datasets_dir: str = MISSING
    datasets_mirror: str | None = None
    runs_dir: str = "runs"
    cache_dir: str = MISSING
    checkpoint_minutes: float = 5.0
    rerun: bool = False
    dry_run: bool = False
    debug: bool = False
