"""The record that a run leaves behind, the only thing that reports read."""

import math
from dataclasses import dataclass, field
from typing import Any, Literal

from bioner.config.semantics import SEMANTICS as SEMANTICS
from bioner.runs.environment import Environment
from bioner.runs.scores import CrossScores, TargetScores, mean_known
from bioner.runs.stage_record import Best, StageRecord, TaskUse

# Raised by hand when the fields change in a way that the dataclasses here can't read. A field that
# is added has a default, so that older records are read without it.
SCHEMA = 5

PRETRAIN, FINETUNE, SELFTRAIN = "pretrain", "finetune", "selftrain"
"""The names of stages; further rounds of the last are `selftrain2`, `selftrain3`, …"""

Status = Literal["complete", "failed", "diverged", "unfinished"]
"""What became of a run; `unfinished` ones leave no file, as they are to go on."""


@dataclass
class DatasetUse:
    """What a run found in a dataset, whatever it used it for; counts are per split.

    Attributes:
        sha256: of each split's file.
        sentences: of each split.
        mentions: of each split.
        devel_share: the part of the train file that is devel; None where devel is a file.
        repaired_tags: tags that were made legal.
        cut_mentions: cut by a sentence or word border (tagged on the words they touch).
        dropped_mentions: left out for another one that has their words.
        joined_mentions: discontinuous, and read as one piece.
        lost_words: those that the tokenizer made no piece of.
        oversized_words: those of more pieces than a window holds.
        test_share: the part of the train file that is test; None where test is a file.
        folds: of the train file, of which one is test; None where test is no fold.
        fold: which one is test, from 1 on.
        devel_folds: of what test leaves of the train file, of which one is devel; None where devel
            is no fold.
        devel_fold: which one is devel, from 1 on.
    """

    sha256: dict[str, str]
    sentences: dict[str, int]
    mentions: dict[str, int]
    devel_share: float | None
    repaired_tags: dict[str, int]
    cut_mentions: dict[str, int]
    dropped_mentions: dict[str, int]
    joined_mentions: dict[str, int]
    lost_words: dict[str, int]
    oversized_words: dict[str, int]
    test_share: float | None = field(default=None, kw_only=True)
    folds: int | None = field(default=None, kw_only=True)
    fold: int | None = field(default=None, kw_only=True)
    devel_folds: int | None = field(default=None, kw_only=True)
    devel_fold: int | None = field(default=None, kw_only=True)


@dataclass
class Timing:
    """What a run took. The first three are of its last stage, and None where it was not reached.

    The seconds of a run that was killed and went on are of all its starts, but for what lay behind
    its last checkpoint; `earlier_seconds` of them are of training before the last one. `threads` is
    that of `StageTiming`.
    """

    train_seconds: float | None = None
    earlier_seconds: float | None = None
    words_per_second: float | None = None
    threads: list[int] = field(default_factory=list)
    wall_seconds: float | None = None
    peak_rss_bytes: int | None = None


@dataclass(frozen=True)
class WandbPlace:
    """Where a run is in Weights & Biases.

    Attributes:
        mode: `online`: the server has all of it; `offline`: `wandb sync` has to upload it.
        id: of the run.
        path: of its local log, below the run directory.
        url: of its page, or None.
    """

    mode: Literal["online", "offline", "disabled"]
    id: str
    path: str
    url: str | None


@dataclass
class Failure:
    """The error with which a run ended: the name of its class, and what it says."""

    type: str
    message: str


@dataclass
class Record:
    """Everything that is known of a run. Scores are strict, entity-level, from 0 to 1.

    Attributes:
        config: the part of the config that can change the result, plain.
        precision: that the run trained in; the config may say `auto`.
        datasets: what of each dataset does not depend on how it was used.
        stages: those that ended, in their order.
        scores: of each target.
        best: the selected step of each target, in the last stage.
        encoder_sha256: over the encoder's files as they were when the run was last started: two
            versions behind one name are told apart by it. Older records lack it.
        cross: what `bioner evaluate` adds, by head, dataset and split.
        encoder_label: `encoder.label`, where the run's encoder had one.
        collapsed: whether the selected weights find no mention of some target's devel, which has
            some; older records don't say.
    """

    run: str
    study: str
    regime: str
    seed: int
    precision: str
    config: dict[str, Any]
    status: Status
    schema: int
    semantics: int
    datasets: dict[str, DatasetUse]
    stages: list[StageRecord]
    scores: dict[str, TargetScores]
    best: dict[str, Best]
    timing: Timing
    environment: Environment
    wandb: WandbPlace | None
    error: Failure | None
    encoder_sha256: str | None
    cross: dict[str, dict[str, dict[str, CrossScores]]] = field(default_factory=dict)
    encoder_label: str | None = None
    collapsed: bool = False

    def stage(self, name: str) -> StageRecord | None:
        """Return a stage by its name, or None where the run has none of it."""
        return next((stage for stage in self.stages if stage.name == name), None)

    def task(self, target: str) -> TaskUse:
        """Return how fine-tuning used a dataset; every target of a complete run has that."""
        stage = self.stage(FINETUNE)
        assert stage is not None
        return stage.tasks[target]


def begin(
    run: str,
    study: str,
    regime: str,
    seed: int,
    precision: str,
    config: dict[str, Any],
    made_with: Environment,
) -> Record:
    """Return the record of a run that has nothing to say yet but who it is."""
    return Record(
        run,
        study,
        regime,
        seed,
        precision,
        config,
        status="unfinished",
        schema=SCHEMA,
        semantics=SEMANTICS,
        datasets={},
        stages=[],
        scores={},
        best={},
        timing=Timing(),
        environment=made_with,
        wandb=None,
        error=None,
        encoder_sha256=None,
    )


def mean_devel(record: Record) -> float:
    """Return the mean devel F1 of the targets of a complete run.

    NaN where devel was trained on, or none has one.
    """
    best = record.best
    if any(record.task(target).devel_trained for target in best):
        return math.nan
    mean = mean_known(one.f1 for one in best.values())
    return math.nan if mean is None else mean
