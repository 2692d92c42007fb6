"""A record is read as what was written; one that can't be is named with the field's path."""

import copy
import json
import subprocess
import sys
import tarfile
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from bioner.errors import UserError
from bioner.runs.environment import environment
from bioner.runs.record import FINETUNE, PRETRAIN, SCHEMA, Failure, Record, WandbPlace
from bioner.runs.record_file import finished, parse_record, read_record, write_record
from bioner.runs.scores import CrossScores, EntityScores, PartialScores, TrainedOn
from bioner.runs.stage_record import Affinity, Best, Source
from tests.composition import train_config
from tests.records import complete_record

A = "demo_disease"
ARCHIVE = Path(__file__).parents[2] / "experiments" / "lowres" / "runs.tar.xz"


def whole() -> Record:
    """Return a record that has something in every field."""
    return copy.deepcopy(_whole())


@cache
def _whole() -> Record:
    record = complete_record(train_config(f"finetune.targets=[{A}]"))
    record.environment = environment()
    record.wandb = WandbPlace("offline", "a", "wandb/a", None)
    record.encoder_sha256 = "0"
    record.stages[0].affinity = Affinity(5, 2, {A: {A: 0.5}})
    record.stages[0].source = Source("a/b.safetensors", "0")
    strict = EntityScores(1.0, 1.0, 1.0, 1, 1, 1, {})
    partial = {"partial": PartialScores(1.0, 1.0, 1.0)}
    cell = CrossScores({"Disease": "Disease"}, strict, partial, TrainedOn(2, 1), "0")
    record.cross = {A: {"other": {"test": cell}}}
    return record


def changed(path: str, value: Any) -> str:
    """Return a record's JSON with one field set, or left out where the value is `...`."""
    plain = asdict(whole())
    *parents, last = path.split(".")
    place = plain
    for parent in parents:
        place = place[int(parent) if isinstance(place, list) else parent]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return json.dumps(plain)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    write_record(tmp_path, whole())
    assert read_record(tmp_path) == whole() == finished(tmp_path)
    assert read_record(tmp_path).environment.versions["torch"]
    assert [file.name for file in tmp_path.iterdir()] == ["record.json"]


def test_a_failed_run_has_scores_of_nothing(tmp_path: Path) -> None:
    record = whole()
    record.status, record.error = "failed", Failure("ValueError", "no")
    record.scores, record.best, record.stages = {}, {}, []
    write_record(tmp_path, record)
    assert read_record(tmp_path) == record
    assert finished(tmp_path) is None


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        ("seed", "1", 'seed is "1", not a valid integer'),
        ("seed", True, "seed is true, not a valid integer"),
        ("run", ..., "run is missing"),
        ("semantics", ..., "semantics is missing"),
        ("config", [], r"config is \[\], not a"),
        ("status", "done", "status is \"done\", not 'complete', 'failed', 'diverged' or"),
        ("datasets", 3, "datasets is 3, not a"),
        ("datasets.demo_disease.sha256", ..., "datasets.demo_disease.sha256 is missing"),
        (
            "datasets.demo_disease.sentences.train",
            1.5,
            "datasets.demo_disease.sentences.train is 1.5",
        ),
        ("stages", {}, r"stages is \{\}, not a"),
        ("stages.0.tasks.demo_disease.role", None, "stages.0.tasks.demo_disease.role is null"),
        ("stages.0.mixing.drawn", ..., "stages.0.mixing.drawn is missing"),
        ("scores.demo_disease.test", ..., "scores.demo_disease.test is missing"),
        ("scores.demo_disease.test.seen.f1", "0", 'scores.demo_disease.test.seen.f1 is "0"'),
        ("cross.demo_disease.other.test.strict", 1, "cross.demo_disease.other.test.strict is 1"),
        ("timing.wall_seconds", "a", 'timing.wall_seconds is "a", not a valid number'),
        ("scores", {}, "it is complete, and scores.demo_disease is missing"),
        ("best", {}, "it is complete, and best.demo_disease is missing"),
        ("stages", [], "it is complete, and the stage finetune is missing"),
    ],
)
def test_a_field_that_is_wrong_is_named(path: str, value: Any, says: str) -> None:
    with pytest.raises(UserError, match=f"^here: damaged: {says}"):
        parse_record(changed(path, value), "here")


def test_how_many_fields_are_wrong() -> None:
    with pytest.raises(UserError, match=r"scores\.x is 3, .* \(and 1 more such fields\)$"):
        parse_record(changed("scores", {"x": 3, "y": 3}), "here")


def test_what_a_later_version_adds_is_passed_over() -> None:
    assert parse_record(changed("of_a_later_version", True), "here") == whole()
    # And what has a default may be missing: it came later.
    record = parse_record(changed("stages.0.affinity", ...), "here")
    assert record.stages[0].affinity is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "damaged"),
        ("{", "damaged"),
        ('{"schema": NaN}', "damaged: NaN is no JSON"),
        ("[" * 100_000, "damaged"),
        ("[]", "schema None"),
        ('{"schema": 999}', f"schema 999; this version of bioner reads 4 to {SCHEMA}"),
        ('{"schema": 3}', "schema 3"),
        ('{"schema": 4}', "damaged: run is missing"),
    ],
)
def test_unreadable(text: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "record.json").write_text(text)
    with pytest.raises(UserError, match=rf"record\.json: .*{says}"):
        read_record(tmp_path)


def test_missing(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no finished run"):
        read_record(tmp_path)


def old_record() -> tuple[str, dict[str, Any]]:
    """Return a record of schema 4, of transfer then MTL: its text, and what that holds."""
    text = (Path(__file__).parent / "record_of_schema_4.json").read_text()
    return text, json.loads(text)


def test_every_record_of_the_low_resource_study_is_read() -> None:
    read = 0
    with tarfile.open(ARCHIVE) as archive:
        for entry in archive:
            if entry.name.endswith("/record.json"):
                file = archive.extractfile(entry)
                assert file is not None
                record = parse_record(file.read().decode(), entry.name)
                assert record.run == entry.name.split("/")[0]
                assert [stage.name for stage in record.stages][-1] == FINETUNE
                read += 1
    assert read == 116


def test_schema_4_of_transfer_then_mtl(tmp_path: Path) -> None:
    text, old = old_record()
    assert old["schema"] == 4
    record = parse_record(text, "old")
    first, second = record.stages
    assert [first.name, second.name] == [PRETRAIN, FINETUNE]
    assert first.key == old["pretraining"]["key"] and first.reused is old["pretraining"]["reused"]
    assert first.best["sources"] == Best(**old["pretraining"]["best"])
    assert first.mixing is not None and asdict(first.mixing) == old["pretraining"]["mixing"]
    assert first.timing is not None
    assert first.timing.train_seconds == old["pretraining"]["timing"]["train_seconds"]
    # Of a source that was an auxiliary too the old record tells the one use only.
    assert first.tasks["s800"].role == "source"
    assert (first.tasks["s800"].train_sentences, first.tasks["s800"].devel_sentences) == (
        5733,
        None,
    )
    uses = {name: (use.role, use.train_sentences) for name, use in second.tasks.items()}
    assert uses == {"linnaeus": ("target", 1194), "s800": ("auxiliary", 5733)}
    assert second.mixing is not None and asdict(second.mixing) == old["mixing"]
    assert {name: asdict(one) for name, one in record.scores.items()} == old["scores"]
    assert record.best == {name: Best(**one) for name, one in old["best"].items()}
    later = dict.fromkeys(("test_share", "folds", "fold", "devel_folds", "devel_fold"))
    for name, use in record.datasets.items():
        # Its test split was a file.
        assert asdict(use).items() <= (old["datasets"][name] | later).items()
    assert record.timing.wall_seconds == old["timing"]["wall_seconds"]
    assert record.config == old["config"] and record.semantics == old["semantics"]
    write_record(tmp_path, record)  # as `bioner evaluate` does
    assert read_record(tmp_path) == record


def test_schema_4_from_a_checkpoint_and_failed() -> None:
    _, old = old_record()
    old["pretraining"] = {"checkpoint": "a.safetensors", "sha256": "0", "reused": True}
    record = parse_record(json.dumps(old), "old")
    assert record.stages[0].source == Source("a.safetensors", "0")
    old |= {"mixing": {}, "scores": {}, "best": {}, "pretraining": None, "status": "failed"}
    old["error"] = {"type": "ValueError", "message": "no"}
    old["timing"] = {"wall_seconds": 1.0, "peak_rss_bytes": 5}
    record = parse_record(json.dumps(old), "old")
    assert (record.stages, record.error) == ([], Failure("ValueError", "no"))
    old["datasets"] = {"a": {"sha256": 3}}
    with pytest.raises(UserError, match=r"old: damaged: datasets\.a\.sha256 is 3, not a"):
        parse_record(json.dumps(old), "old")


def test_the_module_is_cheap_to_import() -> None:
    heavy = "torch", "pydantic", "pytorch_lightning", "transformers"
    code = f"import sys, bioner.runs.record_file; print([m for m in {heavy} if m in sys.modules])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
