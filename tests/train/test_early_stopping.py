"""A stage ends when devel has not become better for some epochs, killed in between or not."""

import signal
from pathlib import Path
from typing import Any

import pytest

from bioner.config.identity import run_hash, run_name
from bioner.config.train import TrainConfig
from bioner.errors import ConfigError, Stopped
from bioner.runs.record import Record
from bioner.runs.record_file import read_record
from bioner.train.resuming import Checkpoint
from bioner.train.run import train
from tests.composition import train_config

TARGET = "finetune.targets=[demo_disease]"
EPOCHS, BATCHES = 6, 2
# So slow that no mention is predicted: the first epoch stays the best.
SLOW = ["optimizer.lr=1e-9", "head.start=random"]


def config_of(tmp_path: Path, *overrides: str, own: Path | None = None) -> TrainConfig:
    return train_config(
        "encoder=tiny",
        "logger=none",
        "trainer.accelerator=cpu",
        "batch.sentences=8",
        TARGET,
        f"finetune.train_size={8 * BATCHES}",
        "finetune.devel_size=8",
        f"finetune.epochs={EPOCHS}",
        f"runs_dir={tmp_path}/runs",
        f"datasets_dir={tmp_path.parent}/datasets",
        f"cache_dir={tmp_path.parent}/cache",
        *overrides,
        own=own,
    )


def run(config: TrainConfig) -> Record:
    directory = Path(config.runs_dir) / config.study / run_name(config)
    directory.mkdir(parents=True, exist_ok=True)
    train(config, directory)
    return read_record(directory)


def test_a_stage_ends_after_so_many_epochs_without_a_better_one(tmp_path: Path) -> None:
    record = run(config_of(tmp_path, *SLOW, "finetune.patience=2"))
    (stage,) = record.stages
    assert stage.stopped == 3
    assert stage.best["demo_disease"].epoch == 1
    assert stage.mixing is not None
    assert stage.mixing.drawn == {"demo_disease": 3 * BATCHES}


def test_a_stage_of_the_store_says_it_too(tmp_path: Path) -> None:
    pretrain = ["pretrain=sources", "pretrain.sources=[demo_chemical]", "pretrain.patience=1"]
    sizes = ["pretrain.train_size=8", "pretrain.devel_size=8", "pretrain.epochs=4"]
    record = run(config_of(tmp_path, *SLOW, *pretrain, *sizes, "finetune.epochs=1"))
    assert [stage.stopped for stage in record.stages] == [2, None]


def test_patience_that_is_not_used_up_changes_nothing(tmp_path: Path) -> None:
    patient = run(config_of(tmp_path, *SLOW, f"finetune.patience={EPOCHS}"))
    without = run(config_of(tmp_path, *SLOW))
    assert patient.stages[0].stopped is None
    assert patient.stages[0].weights == without.stages[0].weights
    assert patient.stages[0].mixing == without.stages[0].mixing


@pytest.mark.parametrize("epoch", [2, 3])
def test_a_stage_that_was_killed_ends_in_the_same_epoch(
    epoch: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = [*SLOW, "finetune.patience=2", "checkpoint_minutes=0"]
    undisturbed = run(config_of(tmp_path / "a", *given))
    with monkeypatch.context() as patched:

        def killed(self: Checkpoint, trainer: Any, pl_module: Any) -> None:
            self._look(trainer)
            if trainer.current_epoch + 1 == epoch:
                raise Stopped(signal.SIGTERM, "a checkpoint")

        patched.setattr(Checkpoint, "on_train_epoch_end", killed)
        with pytest.raises(Stopped):
            run(config_of(tmp_path / "b", *given))
    resumed = run(config_of(tmp_path / "b", *given))
    assert resumed.scores == undisturbed.scores
    for one, other in zip(resumed.stages, undisturbed.stages, strict=True):
        assert (one.best, one.weights, one.mixing) == (other.best, other.weights, other.mixing)
        assert one.stopped == other.stopped == 3


def test_null_changes_no_hash(tmp_path: Path) -> None:
    without = config_of(tmp_path)
    assert run_hash(config_of(tmp_path, "finetune.patience=null")) == run_hash(without)
    assert run_hash(config_of(tmp_path, "finetune.patience=1")) != run_hash(without)


@pytest.mark.parametrize("selection", ["last", "average"])
def test_the_last_epochs_are_no_result_of_a_stage_that_stops(
    selection: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=f"finetune.patience: is 2, but selection={selection}"):
        config_of(tmp_path, "finetune.patience=2", f"selection={selection}")


def test_no_patience_at_all_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"finetune\.patience: is 0; at least 1"):
        config_of(tmp_path, "finetune.patience=0")


def test_a_target_without_a_devel_mention_waits_for_nothing(tmp_path: Path) -> None:
    both = ["finetune.targets=[demo_disease,mine]", "finetune=mtl", "finetune.patience=1"]
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "train.tsv").write_text("flu\tB-Disease\nwins\tO\n\n" * 16)
    (folder / "devel.tsv").write_text("nothing\tO\nwins\tO\n\n" * 8)
    (folder / "test.tsv").write_text("flu\tB-Disease\nloses\tO\n\n" * 8)
    (tmp_path / "conf" / "dataset").mkdir(parents=True)
    yaml = f"path: {folder}\ntypes: [Disease]\n"
    (tmp_path / "conf" / "dataset" / "mine.yaml").write_text(yaml)
    record = run(config_of(tmp_path, *SLOW, *both, "leakage=ignore", own=tmp_path / "conf"))
    (stage,) = record.stages
    assert stage.best["mine"].f1 is None
    assert stage.stopped == 2
