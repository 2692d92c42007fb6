"""Records of schema 4, the last before a run was a list of stages: read, and turned into today's.

Its `datasets` held how a dataset was used beside what it is, in one role for the whole run; its
`pretraining` and its own `mixing`, `affinity` and `timing` are the two stages that a run had.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bioner.runs.environment import Environment
from bioner.runs.record import (
    FINETUNE,
    PRETRAIN,
    SCHEMA,
    DatasetUse,
    Failure,
    Record,
    Status,
    Timing,
    WandbPlace,
)
from bioner.runs.scores import CrossScores, TargetScores
from bioner.runs.stage_record import (
    Affinity,
    Best,
    Mixing,
    Source,
    StageRecord,
    StageTiming,
    TaskUse,
)

OLD_SCHEMA = 4


@dataclass
class Dataset4(DatasetUse):
    """A dataset and its use; a source that was an auxiliary or a target too is counted as that."""

    role: str
    train_sentences: int
    devel_sentences: int
    leaked_sentences: int | None
    dropped_sentences: int


@dataclass
class Mixing4:
    """What fine-tuning drew; empty where it was not reached."""

    strategy: str = ""
    sizes: dict[str, int] = field(default_factory=dict)
    drawn: dict[str, int] = field(default_factory=dict)
    shares: dict[str, float] = field(default_factory=dict)


@dataclass
class Pretraining4:
    """A stage of the store, or (with `checkpoint`) a file of weights; then the rest is missing."""

    reused: bool
    sha256: str | None = None
    checkpoint: str | None = None
    sources: list[str] = field(default_factory=list)
    best: Best | None = None
    mixing: Mixing | None = None
    timing: StageTiming | None = None
    key: str = ""


@dataclass
class Record4:
    """A record of schema 4; `affinity` and `encoder_sha256` came in its time."""

    run: str
    study: str
    regime: str
    seed: int
    precision: str
    config: dict[str, Any]
    status: Status
    schema: int
    semantics: int
    datasets: dict[str, Dataset4]
    mixing: Mixing4
    pretraining: Pretraining4 | None
    scores: dict[str, TargetScores]
    best: dict[str, Best]
    timing: Timing
    environment: Environment
    wandb: WandbPlace | None
    error: Failure | None
    cross: dict[str, dict[str, dict[str, CrossScores]]]
    affinity: Affinity | None = None
    encoder_sha256: str | None = None


def upgraded(old: Record4) -> Record:
    """Return a record of schema 4 as one of today."""
    stages = []
    if old.pretraining is not None:
        stages.append(_pretraining(old.pretraining, old.datasets))
    if old.mixing.drawn:
        stages.append(_finetuning(old))
    return Record(
        old.run,
        old.study,
        old.regime,
        old.seed,
        old.precision,
        old.config,
        old.status,
        SCHEMA,
        old.semantics,
        {name: _contents(use) for name, use in old.datasets.items()},
        stages,
        old.scores,
        old.best,
        old.timing,
        old.environment,
        old.wandb,
        old.error,
        old.encoder_sha256,
        old.cross,
    )


def _contents(use: Dataset4) -> DatasetUse:
    return DatasetUse(
        use.sha256,
        use.sentences,
        use.mentions,
        use.devel_share,
        use.repaired_tags,
        use.cut_mentions,
        use.dropped_mentions,
        use.joined_mentions,
        use.lost_words,
        use.oversized_words,
    )


def _task(use: Dataset4) -> TaskUse:
    return TaskUse(
        use.role,
        use.train_sentences,
        use.devel_sentences,
        use.leaked_sentences,
        use.dropped_sentences,
    )


def _pretraining(old: Pretraining4, datasets: Mapping[str, Dataset4]) -> StageRecord:
    if old.checkpoint is not None:
        source = Source(old.checkpoint, old.sha256 or "")
        return StageRecord(PRETRAIN, "", old.reused, {}, None, {}, None, source=source)
    sizes = old.mixing.sizes if old.mixing else {}
    tasks = {
        name: _task(datasets[name])
        if datasets[name].role == "source"
        else TaskUse("source", size, None, None, None)
        for name, size in sizes.items()
        if name in datasets
    }
    best = {} if old.best is None else {"sources": old.best}
    return StageRecord(
        PRETRAIN, old.key, old.reused, tasks, old.mixing, best, old.timing, sha256=old.sha256
    )


def _finetuning(old: Record4) -> StageRecord:
    tasks = {name: _task(old.datasets[name]) for name in old.mixing.drawn if name in old.datasets}
    mixing = Mixing(old.mixing.strategy, old.mixing.sizes, old.mixing.drawn, old.mixing.shares)
    timing = None
    if old.timing.train_seconds is not None and old.timing.words_per_second is not None:
        earlier = old.timing.earlier_seconds or 0.0
        timing = StageTiming(old.timing.train_seconds, old.timing.words_per_second, earlier)
    return StageRecord(
        FINETUNE, "", False, tasks, mixing, dict(old.best), timing, affinity=old.affinity
    )
