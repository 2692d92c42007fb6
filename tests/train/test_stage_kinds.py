"""A run is a list of stages: any prefix is trained once, and one more kind is one more line."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

import pytest
from safetensors.torch import load_file

from bioner.config.effects import STAGE, group, made, value
from bioner.config.identity import run_name
from bioner.config.parts import datasets_of
from bioner.config.per_stage import StageConfig
from bioner.config.train import TrainConfig
from bioner.model.module import TaggingModule
from bioner.runs.record import FINETUNE, PRETRAIN, Record
from bioner.runs.record_file import read_record
from bioner.train.run import train
from bioner.train.stage_kinds import KINDS, Asked, Size, asked_stages
from tests.train.test_run import SHARED, SOURCE, TARGET, config_of

SHORT = [*TARGET, "finetune.epochs=1", "finetune.train_size=32"]


@dataclass
class PolishConfig(StageConfig):
    """A third kind of stage, from outside of the package: the targets again, for some updates."""

    targets: list[str] = made(list, STAGE, role="target")
    auxiliaries: list[str] = made(list, STAGE, role="auxiliary")
    steps: int = value(3, STAGE)

    @property
    def left_out(self) -> bool:
        """Whether the run has no such stage."""
        return not self.targets


@dataclass
class PolishedConfig(TrainConfig):
    """The config of a run that may have it."""

    polish: PolishConfig = group(PolishConfig)


def polish(config: TrainConfig) -> Asked:
    assert isinstance(config, PolishedConfig)
    asked = config.polish
    sizes = dict.fromkeys(("target", "auxiliary"), (Size(16, "polish"), Size(None, "polish")))
    roles = datasets_of(config, "polish")
    groups = {target: [target] for target in asked.targets}
    return Asked("polish", roles, sizes, asked.targets, groups, None, asked.steps)


@pytest.fixture
def third_kind(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(KINDS, "polish", polish)
    yield


def polished(config: TrainConfig, **values: int) -> PolishedConfig:
    """Return the config with the third stage."""
    parts = {one.name: getattr(config, one.name) for one in fields(TrainConfig)}
    return PolishedConfig(**parts, polish=PolishConfig(config.finetune.targets, [], **values))


def run(config: TrainConfig) -> tuple[Path, Record]:
    directory = Path(config.runs_dir) / config.study / run_name(config)
    directory.mkdir(parents=True, exist_ok=True)
    train(config, directory)
    return directory, read_record(directory)


def told(record: Record) -> list[tuple[str, bool]]:
    """Return each stage, and whether it was trained before."""
    return [(stage.name, stage.reused) for stage in record.stages]


class Updates:
    """Counts the updates of a test."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count, self.dies_at = 0, -1
        step = TaggingModule.training_step

        def counted(module: TaggingModule, *args: object) -> object:
            self.count += 1
            if self.count == self.dies_at:
                raise _KilledError
            return step(module, *args)  # type: ignore[arg-type]

        monkeypatch.setattr(TaggingModule, "training_step", counted)


class _KilledError(Exception):
    """Stands for the end of the process."""


@pytest.fixture
def updates(monkeypatch: pytest.MonkeyPatch) -> Updates:
    return Updates(monkeypatch)


def test_a_third_kind_of_stage_is_keyed_stored_and_recorded(
    third_kind: None, updates: Updates, tmp_path: Path
) -> None:
    config = polished(config_of(tmp_path, *SHORT, *SOURCE))
    directory, record = run(config)
    assert told(record) == [(PRETRAIN, False), (FINETUNE, False), ("polish", False)]
    assert [*record.scores] == [*record.best] == ["demo_disease"]
    first, second, third = record.stages
    assert len({first.key, second.key, third.key}) == 3
    assert third.tasks["demo_disease"].train_sentences == 16
    assert third.mixing is not None and third.mixing.drawn == {"demo_disease": 3}
    assert third.best == record.best and set(third.best) == {"demo_disease"}
    kept = {path.name for path in (directory.parents[1] / ".stages").iterdir() if path.is_dir()}
    assert kept == {first.key, second.key}
    assert run_name(config) != run_name(polished(config_of(tmp_path, *SHORT, *SOURCE), steps=4))
    # Another run with the same two stages before its third one trains that one alone.
    before = updates.count
    other = run(polished(config_of(tmp_path, *SHORT, *SOURCE), steps=4))[1]
    assert told(other) == [(PRETRAIN, True), (FINETUNE, True), ("polish", False)]
    assert updates.count - before == 4


def test_a_prefix_is_found_in_a_finished_run_and_a_last_stage_in_the_store(
    third_kind: None, updates: Updates, tmp_path: Path
) -> None:
    plain = config_of(tmp_path, *SHORT)
    directory, alone = run(plain)
    before = updates.count
    _, record = run(polished(plain))
    assert told(record) == [(FINETUNE, True), ("polish", False)]
    assert updates.count - before == 3
    assert record.stages[0].key == alone.stages[0].key
    assert record.stages[0].best == {"demo_disease": alone.best["demo_disease"]}
    # And the other way round: the store has what would be the last stage of this run.
    elsewhere = tmp_path / "elsewhere"
    _, long = run(polished(config_of(elsewhere, *SHORT)))
    before = updates.count
    again, short = run(config_of(elsewhere, *SHORT))
    assert (told(long)[0], told(short)) == ((FINETUNE, False), [(FINETUNE, True)])
    assert updates.count == before
    assert short.scores == alone.scores and short.best == alone.best
    weights = "checkpoints/demo_disease.safetensors"
    ours, theirs = load_file(again / weights), load_file(directory / weights)
    assert all(ours[name].equal(theirs[name]) for name in theirs)


def test_a_last_stage_is_reused_by_another_study_but_for_rerun_and_affinity(
    updates: Updates, tmp_path: Path
) -> None:
    _, first = run(config_of(tmp_path, *SHORT, *SHARED))
    before = updates.count
    _, other = run(config_of(tmp_path, *SHORT, *SHARED, "study=other"))
    assert told(other) == [(FINETUNE, True)] and updates.count == before
    assert (other.scores, other.best) == (first.scores, first.best)
    assert other.stages[0].mixing == first.stages[0].mixing
    for own in (["rerun=true"], ["finetune.affinity_every=2"]):
        trained = run(config_of(tmp_path, *SHORT, *SHARED, "study=third", *own))[1]
        assert told(trained) == [(FINETUNE, False)]
        assert trained.scores == first.scores


def test_a_finished_run_whose_weights_were_changed_is_no_stage(
    updates: Updates, tmp_path: Path
) -> None:
    directory, first = run(config_of(tmp_path, *SHORT))
    file = directory / "checkpoints" / "demo_disease.safetensors"
    file.write_bytes(file.read_bytes()[:-1])
    _, other = run(config_of(tmp_path, *SHORT, "study=other"))
    assert told(other) == [(FINETUNE, False)] and other.scores == first.scores


def test_a_target_may_be_a_source_of_an_earlier_stage(tmp_path: Path) -> None:
    sources = ["pretrain.sources=[demo_disease,demo_chemical]", "pretrain.train_size=24"]
    _, record = run(config_of(tmp_path, *SHORT, *SOURCE, *sources))
    uses = [
        {name: (use.role, use.train_sentences) for name, use in stage.tasks.items()}
        for stage in record.stages
    ]
    assert uses == [
        {"demo_disease": ("source", 24), "demo_chemical": ("source", 24)},
        {"demo_disease": ("target", 32)},
    ]


def test_a_stage_before_others_is_selected_by_all_that_it_scores(
    third_kind: None, tmp_path: Path
) -> None:
    both = ["finetune=mtl", "finetune.targets=[demo_disease,demo_chemical]", "finetune.epochs=1"]
    config = config_of(tmp_path, *both)
    finetune, last = asked_stages(polished(config))
    assert finetune.groups == {"all": ["demo_disease", "demo_chemical"]}
    assert last.groups == {name: [name] for name in ("demo_disease", "demo_chemical")}
    (alone,) = asked_stages(config)
    assert alone.groups == last.groups


def test_a_killed_stage_goes_on_where_it_was(
    third_kind: None, updates: Updates, tmp_path: Path
) -> None:
    whole = run(polished(config_of(tmp_path / "whole", *SHORT)))[1]
    config = polished(config_of(tmp_path / "killed", *SHORT, "checkpoint_minutes=0"))
    for dies_at in (2, 4):  # of 2 updates of fine-tuning and 3 of the last stage
        updates.count, updates.dies_at = 0, dies_at
        with pytest.raises(_KilledError):
            run(config)
    updates.count = 0
    record = run(config)[1]
    assert updates.count == 0 + 1 or updates.count < 3
    assert (record.scores, record.best) == (whole.scores, whole.best)
    assert [one.key for one in record.stages] == [one.key for one in whole.stages]
