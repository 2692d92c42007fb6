"""True runs, as Weights & Biases has them: compared with their records value by value."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bioner.config.train import TrainConfig
from bioner.corpora.sentence import Sentence
from bioner.corpora.tags import tag_set
from bioner.errors import UserError
from bioner.model.module import TaggingModule
from bioner.runs.record import Record
from bioner.runs.record_file import parse_record
from bioner.tracking.content import tables
from bioner.tracking.history import STEP, read_rows
from bioner.tracking.mention_tables import PredictedSplit
from bioner.tracking.study_records import read_wandb_study
from tests.tracking.stand_in import KeptRun, StandIn
from tests.train.test_run import SHARED, SOURCE, TARGET, config_of, mixing, run

SMALL = [*TARGET, "finetune.train_size=96", "trainer.log_every_n_steps=2"]
WANDB = Path(sys.executable).with_name("wandb")


def tracked(tmp_path: Path, *overrides: str) -> TrainConfig:
    return config_of(
        tmp_path,
        "logger=wandb",
        "logger.start_timeout=2",
        "logger.finish_timeout=2",
        *SMALL,
        "finetune.epochs=2",
        *overrides,
    )


def inspected(folder: Path) -> dict[str, Any]:
    shown = subprocess.run(
        [WANDB, "leet", "inspect", "--summary", "--json", folder],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(shown.stdout)


def read_tested(file: Path) -> PredictedSplit:
    """Read back what a run held in memory when it told the tracker."""
    blocks = file.read_text(encoding="utf-8").strip().split("\n\n")
    rows = [zip(*(line.split("\t") for line in block.split("\n")), strict=True) for block in blocks]
    columns = [tuple(columns) for columns in rows]
    tags = tag_set(["Disease"])
    return PredictedSplit(
        [Sentence(words, gold, 1) for words, gold, _ in columns],
        [np.array([tags.index(tag) for tag in guess]) for _, _, guess in columns],
        ("Disease",),
    )


def expected_summary(record: Record) -> dict[str, float]:
    """Write down, apart from the code, what the issue of a run is in W&B."""
    flat = {}
    for name, scores in record.scores.items():
        for score in ("precision", "recall", "f1"):
            flat[f"test/{name}/{score}"] = getattr(scores.test, score)
            flat[f"best_devel/{name}/{score}"] = getattr(scores.devel, score)
    tested = [scores.test.f1 for scores in record.scores.values()]
    flat["test/mean_f1"] = sum(tested) / len(tested)
    return flat


def check_summary(found: dict[str, Any], record: Record) -> None:
    wanted = expected_summary(record)
    assert {key: found[key] for key in wanted} == wanted
    for name, best in record.best.items():
        assert found[f"devel/{name}/f1"]["max"] == pytest.approx(best.f1, abs=1e-6)
    assert found["timing/wall_seconds"] == record.timing.wall_seconds


def table(folder: Path, key: str) -> list[dict[str, Any]]:
    """Return the rows of the one table that was logged under a key."""
    (file,) = (folder / "files" / "media" / "table").glob(f"{key}_*.table.json")
    content = json.loads(file.read_text())
    return [dict(zip(content["columns"], row, strict=True)) for row in content["data"]]


def check_tables(folder: Path, record: Record) -> None:
    for name, of_target in record.scores.items():
        test = of_target.test
        counts = {
            (r["Actual"], r["Predicted"]): r["nPredictions"]
            for r in table(folder, f"confusion/{name}_table")
        }
        for of_type, scores in test.by_type.items():
            assert counts[of_type, of_type] == scores.correct
            assert sum(n for (gold, _), n in counts.items() if gold == of_type) == scores.support
            assert sum(n for (_, got), n in counts.items() if got == of_type) == scores.predicted
            rows = table(folder, "by_type")
            (row,) = (
                r for r in rows if (r["dataset"], r["split"], r["type"]) == (name, "test", of_type)
            )
            assert {key: row[key] for key in vars(scores)} == vars(scores)
        errors = table(folder, f"errors/{name}")
        assert sum(row["missed"] for row in errors) == test.support - test.correct
        assert sum(row["spurious"] for row in errors) == test.predicted - test.correct
    drawn = {(r["stage"], r["task"]): r["batches"] for r in table(folder, "mixing")}
    assert {t: n for (s, t), n in drawn.items() if s == "finetune"} == mixing(record).drawn


def without_empty(config: Any) -> Any:
    """Return a config as W&B keeps it: an empty group is dropped."""
    if not isinstance(config, dict):
        return config
    return {key: without_empty(one) for key, one in config.items() if one != {}}


def test_offline_run_reads_back(no_key: None, tmp_path: Path) -> None:
    single = run(tracked(tmp_path, "finetune.epochs=1"))[1]
    directory, record = run(tracked(tmp_path, *SOURCE, *SHARED, "finetune.epochs=1"))
    assert record.wandb.mode == "offline"
    folder = directory / record.wandb.path
    told = inspected(folder)
    check_summary(told["summary"], record)
    check_tables(folder, record)
    gain = record.scores["demo_disease"].test.f1 - single.scores["demo_disease"].test.f1
    assert told["summary"]["gain"] == told["summary"]["gain/demo_disease"] == gain
    assert (told["run_id"], told["exit_code"]) == (record.wandb.id, 0)
    assert record.wandb.id.endswith(directory.name.rpartition("-")[2])
    flat = {key: value for key, value in told["config"].items() if key != "full"}
    assert flat == {
        "regime": "transfer_mtl",
        "target": "demo_disease",
        "sources": "demo_disease_related",
        "auxiliaries": "demo_chemical",
        "encoder": "tiny",
        "mixing": "to_targets",
        "train_size": 96,
        "seed": 1,
        "optimizer.lr": record.config["optimizer"]["lr"],
        "optimizer.head_lr_times": 1.0,
        "batch.sentences": record.config["batch"]["sentences"],
        "finetune.epochs": 1,
        "finetune.steps": None,
        "head.start": "probe",
        "head.decode": "legal",
        "selection": "best",
    }
    assert told["config"]["full"] == without_empty(record.config)
    # Sentences are told by number alone where the licence forbids more.
    words = {
        word
        for block in (directory / "predictions" / "demo_disease.test.tsv").read_text().split("\n")
        for word in block.split("\t")[:1]
        if word.isalpha() and len(word) > 2
    }
    tested = {"demo_disease": read_tested(directory / "predictions" / "demo_disease.test.tsv")}
    for shown in (True, False):
        content = tables(record, tested, {"demo_disease": shown})
        text = str(content["errors/demo_disease"].data)
        assert shown == any(word in text.replace("Disease", "") for word in words)


def test_online_run_and_its_record_from_the_server(server: StandIn, tmp_path: Path) -> None:
    config = tracked(tmp_path, "logger.log_model=true")
    directory, record = run(config)
    kept = server.runs[record.wandb.id]
    assert record.wandb.mode == "online"
    assert record.wandb.url.endswith(f"/lab/bioner/runs/{kept.name}")
    check_kept(server, kept, directory, record)
    assert read_wandb_study("default", "bioner", "lab") == ({record.wandb.url: record}, {})
    assert read_wandb_study("default", "bioner") == ({record.wandb.url: record}, {})
    whole = kept.files["record.json"]
    tampered = whole.replace(b'"seed": 1', b'"seed": "1"')
    kept.files["record.json"] = server.blobs[f"run/{record.wandb.id}/record.json"] = tampered
    says = f'{record.wandb.url}/files/record.json: damaged: seed is "1", not a valid integer'
    assert read_wandb_study("default", "bioner") == ({}, {record.wandb.url: says})
    with pytest.raises(UserError, match="no ended run in the group 'other'"):
        read_wandb_study("other", "bioner")
    with pytest.raises(UserError, match="source=wandb: lab/nowhere can't be read"):
        read_wandb_study("default", "nowhere", "lab")
    assert server.unknown == []


def check_kept(server: StandIn, kept: KeptRun, directory: Path, record: Record) -> None:
    """Compare what the server has with the record and the files of the run."""
    check_summary(kept.summary, record)
    told = parse_record(kept.files["record.json"], "record.json")
    assert replace(told, wandb=None) == replace(record, wandb=None)
    assert kept.state == "finished"
    assert kept.events, "system metrics"
    steps = [row[STEP] for row in kept.history if "train/demo_disease/loss" in row]
    assert steps == sorted(set(steps)) and len(steps) == 6
    weights = server.artifacts[next(key for key in server.artifacts if key.startswith("weights-"))]
    assert (weights.state, weights.about["artifactTypeName"]) == ("COMMITTED", "model")
    file = directory / "checkpoints" / "demo_disease.safetensors"
    assert file.read_bytes() in server.blobs.values()
    used = {key.split(":")[0] for name, key in server.used if name == kept.name}
    assert used == {"dataset-demo_disease"}
    shas = record.datasets["demo_disease"].sha256
    assert any(json.dumps(shas["train"]).encode() in blob for blob in server.blobs.values())


@pytest.mark.parametrize(
    "fault", ["offline", pytest.param("dies in the middle", marks=pytest.mark.slow)]
)
def test_sync_uploads_what_stayed_here(
    fault: str, server: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offline = fault == "offline"
    config = tracked(tmp_path, "logger.log_model=true", *["logger.offline=true"] * offline)
    step = TaggingModule.training_step

    def dies(self: TaggingModule, batch: Any, batch_idx: int) -> Any:
        server.dead = not offline and self.global_step >= 5
        return step(self, batch, batch_idx)

    monkeypatch.setattr(TaggingModule, "training_step", dies)
    directory, record = run(config)
    assert (record.wandb.mode, record.status) == ("offline", "complete")
    assert server.dead != offline
    assert bool(server.runs) != offline  # the one that died had the run's beginning
    server.dead = False
    synced = subprocess.run(
        [WANDB, "sync", directory / record.wandb.path],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert synced.returncode == 0, synced.stderr
    kept = server.runs[record.wandb.id]
    check_kept(server, kept, directory, record)
    ((url, found),) = read_wandb_study("default", "bioner")[0].items()
    assert found.wandb == replace(record.wandb, mode="online", url=url)
    assert replace(found, wandb=None) == replace(record, wandb=None)


class _KilledError(Exception):
    """Stands for the end of the process."""


@pytest.mark.slow
def test_a_run_that_goes_on_continues_its_curve(
    no_key: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = TaggingModule.training_step
    whole_run, whole = run(tracked(tmp_path / "whole", *SOURCE, "finetune.epochs=3"))
    config = tracked(tmp_path / "killed", *SOURCE, "finetune.epochs=3", "checkpoint_minutes=0")
    calls: list[int] = []

    def dies(self: TaggingModule, batch: Any, batch_idx: int) -> Any:
        calls.append(self.global_step)
        if len(calls) == 4 + 11:  # 4 of pretraining, 6 of the first epoch, into the second
            raise _KilledError
        return step(self, batch, batch_idx)

    monkeypatch.setattr(TaggingModule, "training_step", dies)
    with pytest.raises(_KilledError):
        run(config)
    directory, record = run(config)
    assert calls[15] == calls[14] == 10  # it went on from a checkpoint inside the second epoch
    folders = sorted((directory / "wandb").glob("*run-*"))
    assert [folder.name for folder in folders] == [Path(record.wandb.path).name]
    assert len(list((directory / "wandb" / "superseded").iterdir())) == 1
    unbroken = read_rows(whole_run / whole.wandb.path)
    assert any("train/demo_disease_related/loss" in row for row in unbroken)
    assert read_rows(folders[0]) == unbroken
    assert inspected(folders[0])["run_id"] == record.wandb.id == whole.wandb.id
