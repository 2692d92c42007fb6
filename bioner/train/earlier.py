"""The stages before the last of a run: trained once for all runs that begin with them."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pytorch_lightning.loggers import Logger

from bioner.config.encoder_label import encoder_label
from bioner.config.identity import Trained as TrainedOn
from bioner.config.identity import digest, stage_key
from bioner.config.parts import as_trained
from bioner.config.train import Carry, Leakage, TrainConfig
from bioner.errors import UserError
from bioner.model.pretrained import Pretrained
from bioner.runs.finished_stages import find_in_runs
from bioner.runs.record_file import read_record
from bioner.runs.stage_file import StageFile
from bioner.runs.stage_record import Source, StageRecord
from bioner.runs.store import Stored, find_stage, sha256, store_folder
from bioner.train.assembly import precision
from bioner.train.selftraining import text_sha256
from bioner.train.sharing import shared_stage
from bioner.train.stage import Stage, stage_of
from bioner.train.stage_kinds import Asked
from bioner.train.tasks import Task
from bioner.train.training import Start, train_stage

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Done:
    """A stage that is done, as the next one and the record need it.

    Attributes:
        start: what it started from.
        files: the selected weights of each group of its tasks.
        carry: what the next stage takes over of them.
        key: what the next stage's key takes of it.
        record: what the run's record says.
    """

    start: Start
    files: Mapping[str, Path]
    carry: Carry
    key: str
    record: StageRecord

    @property
    def file(self) -> Path:
        """The weights of a stage that has one set of them."""
        (found,) = self.files.values()
        return found


def start_of(asked: Asked, before: Done | None) -> Start:
    """Return what a stage starts from.

    Args:
        asked: what the config asks of it.
        before: the stage before it; None for the first.
    """
    if before is None:
        return Start()
    if asked.taught:
        return replace(before.start, teachers=before.files)
    return Start(before.file, before.carry)


def earlier_stage(
    asked: Asked,
    tasks: Mapping[str, Task],
    config: TrainConfig,
    pretrained: Pretrained,
    logger: Logger | None,
    before: Done | None,
) -> Done:
    """Return a stage that others follow: from the store or a finished run, or trained here.

    Args:
        asked: what the config asks of it.
        tasks: of this stage.
        config: of the run; the seed of the stage may be another.
        pretrained: the encoder that the config names.
        logger: where metrics go, or None.
        before: the stage before it; None for the first.
    """
    if asked.weights is not None:
        return _taken(asked, asked.weights)
    config = as_trained(config, asked.group)
    stage = stage_of(asked, tasks)
    key = key_of(stage, config, pretrained, before)
    start = start_of(asked, before)
    runs_dir, encoder = Path(config.runs_dir), config.encoder

    def train(folder: Path) -> tuple[Mapping[str, Path], StageFile]:
        trained = train_stage(stage, key, config, pretrained, folder, logger, start)
        label = encoder_label(encoder.name, encoder.from_scratch, encoder.label)
        return trained.files, StageFile(encoder.name, label, config.seed, trained.record)

    def in_runs() -> Stored | None:
        found = find_in_runs(runs_dir, key, stage.groups)
        if found is None:
            return None
        hashes = {group: found.stage.weights[name] for group, name in found.names.items()}
        best = {group: found.stage.best[name] for group, name in found.names.items()}
        record = replace(found.stage, reused=True, best=best, weights=hashes)
        if len(hashes) == 1:
            record = replace(record, sha256=next(iter(hashes.values())))
        return Stored(found.files, record)

    kept_as = key_in_store(stage, key)
    stored = shared_stage(store_folder(config.runs_dir), kept_as, train, in_runs)
    names = ", ".join(stage.tasks)
    how = "reused" if stored.record.reused else "trained"
    log.info("%s on %s: %s (stage %s)", stage.name, names, how, key)
    files = {group: stored.file(group) for group in stage.groups}
    return Done(start, files, asked.carry, key, record_of(stage, key, stored))


def key_of(stage: Stage, config: TrainConfig, pretrained: Pretrained, before: Done | None) -> str:
    """Hash all that determines a stage's result, the stages before it included."""
    data = {
        name: TrainedOn(
            {split: content.sha256 for split, content in task.corpus.splits.items()},
            task.corpus.tags,
            task.dropped,
        )
        for name, task in stage.tasks.items()
    }
    earlier = None if before is None else before.key
    bits, encoder = precision(config), pretrained.fingerprint
    group = stage.group or stage.name
    if (text := text_sha256(config, group)) is not None:
        data["selftrain.text"] = TrainedOn({"text": text}, (), ())
    if stage.taught and config.leakage in (Leakage.drop, Leakage.error):
        # What of its text stands in devel or test is not labelled: another text than else.
        data["selftrain.leakage"] = TrainedOn({"leakage": str(config.leakage)}, (), ())
    return stage_key(config, group, bits, encoder, data, earlier)


def key_in_store(stage: Stage, key: str) -> str:
    """Return under which key the store has a stage: how its weights are selected counts there."""
    groups = {group: [*tasks] for group, tasks in stage.groups.items()}
    return key if len(groups) == 1 else digest([key, groups])[:16]


def find_trained(
    asked: Asked, tasks: Mapping[str, Task], config: TrainConfig, pretrained: Pretrained
) -> Stored | None:
    """Return the first stage of a run if the store has it whole."""
    stage = stage_of(asked, tasks)
    key = key_of(stage, config, pretrained, None)
    return find_stage(store_folder(config.runs_dir), key)


def record_of(stage: Stage, key: str, stored: Stored) -> StageRecord:
    """Return what a run's record says of a stage that is stored."""
    best = stored.record.best
    if len(stage.groups) == 1:  # which another run may have called otherwise
        best = dict(zip(stage.groups, best.values(), strict=True))
    return replace(
        stored.record,
        name=stage.name,
        key=key,
        tasks={name: task.use() for name, task in stage.tasks.items()},
        best=best,
        affinity=None,
        conflict=None,
        weights=stored.record.weights if len(stage.groups) > 1 else {},
    )


def _taken(asked: Asked, place: Path) -> Done:
    """Take the selected weights of a finished run, or one file of them."""
    file = place if place.is_file() else _only_weights(f"{asked.name}.checkpoint", place)
    source = Source(str(file), sha256(file))
    record = StageRecord(asked.name, "", True, {}, None, {}, None, source=source)
    return Done(Start(), {asked.name: file}, asked.carry, source.sha256, record)


def _only_weights(key: str, run: Path) -> Path:
    record = read_record(run)
    if record.status != "complete":
        raise UserError(f"{key}: the run {run} is {record.status}")
    files = sorted((run / "checkpoints").glob("*.safetensors"))
    if len(files) != 1:
        names = ", ".join(str(file) for file in files)
        raise UserError(
            f"{key}: {run} holds {len(files)} sets of weights, one is needed; name one of them: "
            f"{names or '(none)'}"
        )
    return files[0]
