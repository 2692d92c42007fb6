"""The last stage of a run: trained in the run's directory, or taken from where it was trained."""

import logging
import shutil
from dataclasses import replace
from pathlib import Path

import pytorch_lightning as pl
from pytorch_lightning.loggers import Logger

from bioner.config.train import TrainConfig
from bioner.machine.processes import first_says, is_first, meet
from bioner.machine.writing import whole
from bioner.model.module import TaggingModule
from bioner.model.pretrained import Pretrained
from bioner.runs.finished_stages import Finished, find_in_runs
from bioner.runs.stage_record import StageRecord
from bioner.runs.store import find_stage, look_at_stage, store_folder
from bioner.train.assembly import make_module, make_trainer
from bioner.train.earlier import key_in_store, record_of
from bioner.train.stage import Stage
from bioner.train.stopping import Stop
from bioner.train.training import Start, Trained, train_stage

log = logging.getLogger(__name__)


def last_stage(
    stage: Stage,
    key: str,
    config: TrainConfig,
    pretrained: Pretrained,
    folder: Path,
    logger: Logger | None,
    start: Start,
) -> Trained:
    """Return the stage that serves the targets.

    Another run may have trained it already, as its last stage or as one before others: then its
    weights are copied, unless `rerun=true` or this run is to look at how the tasks get on, which
    that one may not have done.

    Args:
        stage: what is trained.
        key: the hash of all that determines it.
        config: of the run.
        pretrained: the encoder that the config names.
        folder: where the selected weights lie afterwards.
        logger: where metrics go, or None.
        start: what it starts from.
    """
    found = None
    if not config.rerun and not stage.is_looked_at:
        found = _find(stage, key, config)
    if not first_says(found is not None):
        stop = None if config.stop_after is None else Stop(config.stop_after, key)
        return train_stage(stage, key, config, pretrained, folder, logger, start, stop)
    assert found is not None
    log.info("%s: reused from %s (stage %s)", stage.name, found.run, key)
    return _taken(found, stage, config, pretrained, folder)


def _find(stage: Stage, key: str, config: TrainConfig) -> Finished | None:
    found = find_in_runs(Path(config.runs_dir), key, stage.groups)
    if found is not None:
        return found
    # The store may have it as selected by all of its scored tasks together: that is another key.
    store, kept_as = store_folder(config.runs_dir), key_in_store(stage, key)
    stored = find_stage(store, kept_as) if is_first() else look_at_stage(store, kept_as)
    if stored is None:
        return None
    files = {group: stored.file(group) for group in stage.groups}
    names = {group: group for group in stage.groups}
    return Finished(store / kept_as, record_of(stage, key, stored), files, names)


def _taken(
    found: Finished, stage: Stage, config: TrainConfig, pretrained: Pretrained, folder: Path
) -> Trained:
    """Copy the selected weights into the run's directory."""
    files = {group: folder / f"{group}.safetensors" for group in stage.groups}
    if is_first():
        folder.mkdir(parents=True, exist_ok=True)
        for group, file in files.items():
            with whole(file) as temporary:
                shutil.copyfile(found.files[group], temporary)
    meet()
    module, trainer = _to_score(stage, config, pretrained, folder)
    known: StageRecord = found.stage
    record = replace(
        known,
        reused=True,
        tasks={name: task.use() for name, task in stage.tasks.items()},
        best={group: known.best[name] for group, name in found.names.items()},
        affinity=None,
        conflict=None,
        sha256=None,
    )
    return Trained(module, trainer, files, record)


def _to_score(
    stage: Stage, config: TrainConfig, pretrained: Pretrained, folder: Path
) -> tuple[TaggingModule, pl.Trainer]:
    """Return a module for the selected weights, and what predicts with it."""
    return make_module(stage, config, pretrained, steps=1), make_trainer(config, [], folder, None)
