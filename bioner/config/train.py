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

from bioner.config.batch import BatchConfig
from bioner.config.blocks import DataFolders, FoldConfig, Sampling, VerbConfig, WorkFolders
from bioner.config.dataset import DatasetConfig
from bioner.config.effects import DATA, LATER, NOTHING, RUN, STAGE, group, groups, made, value
from bioner.config.encoder import EncoderConfig
from bioner.config.head import HeadConfig
from bioner.config.mixing import MixingConfig
from bioner.config.optimizer import OptimizerConfig
from bioner.config.per_stage import PerStage, StageConfig
from bioner.config.selftrain import SelftrainConfig
from bioner.config.trainer import that_train


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


class TrainOn(StrEnum):
    """The splits that fine-tuning trains its targets on.

    `train_devel`: both, at a fixed budget, as the published figures of BioBERT do: nothing is left
    to select by, so `selection` is `last` or `average`. `train_size` is of train as ever, and
    `devel_size` says how many devel sentences are trained on with them. Devel is scored still, as
    a look at what was learnt by heart; only test is new. Auxiliaries and sources give their train
    split alone.
    """

    train = "train"
    train_devel = "train_devel"


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
    """The transfer-pretraining stage.

    Attributes:
        kind: none, or where the encoder that is fine-tuned comes from: sources or a checkpoint.
        sources: the datasets that it trains on.
        checkpoint: of kind `checkpoint`, a finished run's directory or a file of weights; on the
            command line also `latest` or the beginning of a run's name.
        carry: what fine-tuning takes over: the encoder alone, or heads too.
        train_size: of each source's train split: a count of sentences, a fraction, or null: all.
        devel_size: of each source's devel split, likewise.
        epochs: passes over the sources; null where `steps` is given.
        steps: updates; null where `epochs` is given.
        patience: epochs without a better devel F1 after which the stage ends; null: it never does.
        seed: of this stage, so that runs with several seeds share it; null: the run's.
    """

    kind: Pretraining = value(MISSING, STAGE, axis=True)
    sources: list[str] = made(list, STAGE, axis=True, role="source")
    checkpoint: str | None = value(None, STAGE, axis=True)
    carry: Carry = value(Carry.encoder, LATER)
    train_size: int | float | None = value(None, STAGE)
    devel_size: int | float | None = value(None, STAGE)
    epochs: int | None = value(None, STAGE)
    steps: int | None = value(None, STAGE)
    patience: int | None = value(None, STAGE)
    seed: int | None = value(None, STAGE)

    @property
    def left_out(self) -> bool:
        """Whether fine-tuning starts from the encoder's own weights."""
        return self.kind == Pretraining.none

    @property
    def own_seed(self) -> int | None:
        """The seed that it is trained with; None: the run's."""
        return self.seed

    def with_seed_of_run(self) -> Self:
        """Return the group without a seed of its own."""
        return replace(self, seed=None)

    def without(self) -> Self:
        """Return the group with which fine-tuning starts from the encoder's own weights."""
        return replace(self, kind=Pretraining.none, sources=[], checkpoint=None, seed=None)


@dataclass
class FinetuneConfig(StageConfig):
    """The stage that serves the targets. An epoch is one pass over the targets.

    Attributes:
        kind: whether it trains on one dataset (single) or on several together (mtl).
        targets: the datasets that the run serves: selected on and tested.
        auxiliaries: datasets that are co-trained to help them.
        train_size: of each target's train split: a count of sentences, a fraction, or null: all.
        auxiliary_size: of each auxiliary's train split, likewise.
        devel_size: of each target's devel split, likewise.
        train_on: the splits that the targets are trained on.
        epochs: passes over the targets; null where `steps` is given.
        steps: updates; null where `epochs` is given.
        patience: epochs without a better devel F1, of any target, after which the stage ends;
            null: it never does. Rates and mixing stay those of the whole stage.
        affinity_every: updates between two looks at the tasks' affinity; null: nobody looks. What
            is trained is the same either way.
        conflict_every: updates between two looks at the cosines of the tasks' gradients, likewise.
        test: whether test is scored in the end. A run that differs in this alone takes over the
            weights of the one that is there.
    """

    kind: Finetuning = value(MISSING, STAGE, axis=True)
    targets: list[str] = value(MISSING, STAGE, axis=True, role="target")
    auxiliaries: list[str] = made(list, STAGE, axis=True, role="auxiliary")
    train_size: int | float | None = value(None, STAGE, axis=True)
    auxiliary_size: int | float | None = value(None, STAGE)
    devel_size: int | float | None = value(None, STAGE)
    train_on: TrainOn = value(TrainOn.train, STAGE, neutral=TrainOn.train)
    epochs: int | None = value(None, STAGE)
    steps: int | None = value(None, STAGE)
    patience: int | None = value(None, STAGE)
    affinity_every: int | None = value(None, RUN)
    conflict_every: int | None = value(None, RUN)
    test: bool = value(True, RUN, neutral=True)

    @property
    def looks(self) -> dict[str, int | None]:
        """How often each look at the tasks is taken, by its key."""
        return {"affinity_every": self.affinity_every, "conflict_every": self.conflict_every}

    def of(self, tasks: Mapping[str, str]) -> Self:
        """Return the stage without the size of auxiliaries that it lacks."""
        return self if self.auxiliaries else replace(self, auxiliary_size=None)


@dataclass
class TrainConfig(FoldConfig, Sampling, WorkFolders, DataFolders, VerbConfig):
    """The whole of `bioner train`. Every group but those of stages counts for each stage.

    Attributes:
        trainer: Lightning's Trainer and its own arguments.
        logger: what is told of the run while it trains, and its arguments.
        study: the name of the folder in `runs_dir` that the run belongs to.
        leakage: what is done about training sentences that stand in a target's devel or test.
        rerun: true runs a finished run again.
        dry_run: true shows what is done and what is left to do, and runs nothing.
        selection: which weights of a training are its result.
        average_epochs: of `selection=average`, how many of the last epochs.
        stop_after: epochs of the last stage after which the run stops, with a checkpoint; the same
            command with a later one, or null, goes on. Rates and mixing stay those of the whole
            stage.
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
    selftrain: SelftrainConfig = group(SelftrainConfig)
    optimizer: OptimizerConfig = group(OptimizerConfig)
    batch: BatchConfig = group(BatchConfig)
    selection: Selection = value(Selection.best, STAGE, neutral=Selection.best)
    average_epochs: int = value(3, STAGE, neutral=3)
    trainer: dict[str, Any] = made(dict, STAGE, counts_as=that_train)
    logger: dict[str, Any] = made(dict, NOTHING)
    study: str = value("default", NOTHING)
    leakage: Leakage = value(Leakage.warn, DATA)
    stop_after: int | None = value(None, NOTHING)
    checkpoint_minutes: float = value(5.0, NOTHING)
    rerun: bool = value(False, NOTHING)
    dry_run: bool = value(False, NOTHING)
