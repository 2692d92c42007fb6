"""The transfer-pretraining stage, from the store where it was trained before."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pytorch_lightning.loggers import Logger

from bioner.config.identity import Trained, stage_key
from bioner.config.train import TrainConfig
from bioner.model.pretrained import Pretrained
from bioner.runs.record import PRETRAIN, Best, Mixing, StageRecord, StageTiming
from bioner.runs.store import Stored, find_stage, stored_stage
from bioner.train.stage import Stage, precision, train_stage
from bioner.train.tasks import Task, source_task


def store_folder(config: TrainConfig) -> Path:
    """Return where the stages of all studies are kept."""
    return Path(config.runs_dir) / ".stages"


def pretrain(
    config: TrainConfig, tasks: Mapping[str, Task], pretrained: Pretrained, logger: Logger | None
) -> Stored:
    """Return the stage on `pretrain.sources`, trained here where the store lacks it."""
    stage = _stage(config, tasks)

    def run(folder: Path) -> tuple[Path, dict[str, Any]]:
        trained = train_stage(stage, config, pretrained, folder, logger)
        about = {
            "sources": list(stage.tasks),
            "encoder": config.encoder.name,
            "seed": config.seed,
            "best": asdict(trained.best["sources"]),
            "mixing": asdict(trained.mixing),
        }
        return trained.files["sources"], about | {"timing": asdict(trained.timing)}

    return stored_stage(store_folder(config), _stage_key(config, stage, pretrained), run)


def stage_record(config: TrainConfig, tasks: Mapping[str, Task], stored: Stored) -> StageRecord:
    """Return what a run's record says of the stage that it got from `pretrain`."""
    about = stored.about
    return StageRecord(
        PRETRAIN,
        about["key"],
        stored.reused,
        {name: task.use() for name, task in _stage(config, tasks).tasks.items()},
        Mixing(**about["mixing"]),
        {"sources": Best(**about["best"])},
        StageTiming(**about["timing"]),
        sha256=about["sha256"],
    )


def find_pretrained(
    config: TrainConfig, tasks: Mapping[str, Task], pretrained: Pretrained
) -> Stored | None:
    """Return the stage on `pretrain.sources` if the store has it whole."""
    return find_stage(store_folder(config), _stage_key(config, _stage(config, tasks), pretrained))


def _stage(config: TrainConfig, tasks: Mapping[str, Task]) -> Stage:
    sources = config.pretrain.sources
    return Stage(
        "pretrain",
        {name: source_task(config, tasks, name) for name in sources},
        sources,
        {"sources": sources},
        config.pretrain.epochs,
        config.pretrain.steps,
    )


def _stage_key(config: TrainConfig, stage: Stage, pretrained: Pretrained) -> str:
    """Hash all that determines a pretraining stage's result."""
    data = {
        name: Trained(
            {split: content.sha256 for split, content in task.corpus.splits.items()},
            task.corpus.tags,
            task.dropped,
        )
        for name, task in stage.tasks.items()
    }
    encoder = pretrained.fingerprint
    return stage_key(config, stage.name, precision(config), encoder, data, before=None)
