"""Records of runs that were never trained, whole enough to be read."""

from collections.abc import Mapping
from typing import Any

from bioner.config.identity import regime, what_counts
from bioner.config.train import TrainConfig
from bioner.model.metric import scores
from bioner.runs.environment import Environment
from bioner.runs.record import FINETUNE, DatasetUse, Record, Timing, begin
from bioner.runs.scores import SplitScores, TargetScores
from bioner.runs.stage_record import Best, Mixing, StageRecord, StageTiming, TaskUse


def dataset_use(sha256: Mapping[str, str]) -> DatasetUse:
    """Return what a record says of a dataset of which only the files matter."""
    counts = dict.fromkeys(sha256, 1)
    return DatasetUse(dict(sha256), counts, counts, None, *({} for _ in range(6)))


def complete_record(config: TrainConfig, f1: float = 0.5, run: str = "run") -> Record:
    """Return the record of a complete run whose every split has one F1."""
    record = begin(
        run,
        config.study,
        regime(config),
        config.seed,
        "32-true",
        what_counts(config),
        Environment(),
    )
    record.status = "complete"
    targets, names = config.finetune.targets, [*config.finetune.targets]
    names += config.finetune.auxiliaries
    record.datasets = {name: dataset_use({"train": "0"}) for name in names}
    nothing: dict[str, Any] = vars(scores(0, 0, 0))
    one = SplitScores(
        **(nothing | {"f1": f1}), by_type={}, seen=scores(0, 0, 0), unseen=scores(0, 0, 0)
    )
    record.scores = {name: TargetScores(one, one) for name in targets}
    record.best = {name: Best(1, 1, f1) for name in targets}
    tasks = {
        name: TaskUse("target" if name in targets else "auxiliary", 1, 1, None, 0) for name in names
    }
    mixing = Mixing(
        "uniform", dict.fromkeys(names, 1), dict.fromkeys(names, 1), dict.fromkeys(names, 1.0)
    )
    timing = StageTiming(1.0, 1.0)
    record.stages = [StageRecord(FINETUNE, "", False, tasks, mixing, record.best, timing)]
    record.timing = Timing(1.0, 0.0, 1.0, [1], 2.0, 1000)
    return record
