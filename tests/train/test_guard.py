"""Training sentences that stand in a target's devel or test are named, counted, and dropped."""

import logging
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from bioner.config.dataset import DatasetConfig
from bioner.config.identity import run_name
from bioner.config.train import TrainConfig
from bioner.corpora.catalogue import load_corpus
from bioner.errors import ConfigError
from bioner.runs.record import FINETUNE, PRETRAIN, Record
from bioner.runs.record_file import read_record
from bioner.runs.stage_record import Mixing
from bioner.train.guard import Guard
from bioner.train.run import train
from tests.composition import train_config

# One test sentence of each in the train split of the other, otherwise tokenised.
MINE = {
    "train": "a\tO\nb\tO\nc\tO\nd\tO\ne\tB-Gene\n\nf\tO\n\nx\tO\nyz\tO\nx\tO\ny\tO\nz\tB-Gene\n\n",
    "devel": "p\tO\nq\tO\nr\tB-Gene\ns\tO\nt\tO\n\nf\tO\n",
    "test": "ab\tO\nc\tO\nd\tO\ne\tB-Gene\n-\tO\n\nx\tO\ny\tO\nz\tO\nxy\tO\nz\tB-Gene\n",
}
SOURCE = {
    "train": "ab\tO\nc\tO\nd\tO\ne\tB-Gene\n-\tO\n\nf\tO\n\nm\tB-Gene\n\n"
    "p\tO\nqr\tB-Gene\ns\tO\nt\tO\n",
    "devel": "g\tB-Gene\n",
    "test": "h\tB-Gene\n",
}


@pytest.fixture
def datasets(tmp_path: Path) -> Path:
    for name, files in (("mine", MINE), ("source", SOURCE)):
        folder = tmp_path / "datasets" / name
        folder.mkdir(parents=True)
        for split, text in files.items():
            (folder / f"{split}.tsv").write_text(text)
    return tmp_path / "datasets"


def config_of(datasets: Path, *overrides: str) -> TrainConfig:
    """Return a config with `demo_disease` for mine and `demo_chemical` for the source."""
    config = train_config(
        "finetune.targets=[demo_disease]",
        "pretrain=sources",
        "pretrain.sources=[demo_chemical]",
        "pretrain.epochs=1",
        "finetune.epochs=1",
        "encoder=tiny",
        "logger=none",
        "trainer.accelerator=cpu",
        f"datasets_dir={datasets}",
        f"cache_dir={datasets}/../cache",
        f"runs_dir={datasets}/../runs",
        *overrides,
    )
    for name, folder in (("demo_disease", "mine"), ("demo_chemical", "source")):
        one = config.dataset[name]
        one.path, one.types = folder, ["Gene"]
        one.sha256, one.sentences, one.mentions = {}, {}, {}
    return config


def run(config: TrainConfig) -> Record:
    directory = Path(config.runs_dir) / config.study / run_name(config)
    directory.mkdir(parents=True, exist_ok=True)
    train(config, directory)
    return read_record(directory)


def used(record: Record) -> dict[str, tuple[int, int | None, int | None]]:
    """Return what each dataset gave: sentences trained on, leaked, dropped."""
    return {
        name: (one.train_sentences, one.leaked_sentences, one.dropped_sentences)
        for stage in record.stages
        for name, one in stage.tasks.items()
    }


def mixing(record: Record, stage: str) -> Mixing:
    found = record.stage(stage)
    assert found is not None and found.mixing is not None
    return found.mixing


def test_warn_names_and_counts(datasets: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        record = run(config_of(datasets))
    assert used(record) == {"demo_chemical": (4, 2, 0), "demo_disease": (3, 1, 0)}
    said = "\n".join(caplog.messages)
    source, mine = datasets / "source" / "train.tsv", datasets / "mine"
    assert "2 of 4 training sentences of source demo_chemical stand in a target's devel" in said
    assert f"{source}:1 (= {mine}/test.tsv:1), {source}:11 (= {mine}/devel.tsv:1)" in said
    assert f"{mine}/train.tsv:9 (= {mine}/test.tsv:7)" in said


def test_a_document_of_a_folder_is_named_by_its_file(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    config = train_config("finetune.targets=[demo_disease]", f"datasets_dir={tmp_path}")
    files = {split: split for split in ("train", "devel", "test")}
    one = DatasetConfig(path="mine", files=files, format="brat")
    config.dataset["demo_disease"] = one
    for split in files:
        folder = tmp_path / "mine" / split / split[0]
        folder.mkdir(parents=True)
        (folder / "1.txt").write_text("A fever and a cough were seen.")
        (folder / "1.ann").write_text("T1\tDisease 2 7\tfever\n")
    corpus = load_corpus("demo_disease", one, tmp_path)
    sentences = corpus.splits["train"].sentences
    with caplog.at_level(logging.WARNING):
        found = Guard(config, {"demo_disease": corpus}).look(
            "target", "demo_disease", sentences, np.arange(len(sentences))
        )
    assert found.leaked == 1
    folder = tmp_path / "mine"
    assert f"{folder}/train/t/1.ann:1 (= {folder}/test/t/1.ann:1)" in caplog.text


def test_ignore_looks_for_nothing(datasets: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        record = run(config_of(datasets, "leakage=ignore"))
    assert used(record) == {"demo_chemical": (4, None, 0), "demo_disease": (3, None, 0)}
    assert "stand in" not in "\n".join(caplog.messages)


def test_drop_leaves_them_out_and_pretrains_anew(datasets: Path) -> None:
    kept = run(config_of(datasets))
    record = run(config_of(datasets, "leakage=drop"))
    assert used(record) == {"demo_chemical": (2, 2, 2), "demo_disease": (2, 1, 1)}
    assert mixing(record, FINETUNE).sizes == {"demo_disease": 2}
    assert mixing(record, PRETRAIN).sizes == {"demo_chemical": 2}
    assert record.stages[0].key != kept.stages[0].key
    assert record.stages[0].reused is False


def test_drop_reuses_a_stage_that_lost_nothing(datasets: Path) -> None:
    (datasets / "source" / "train.tsv").write_text("m\tB-Gene\n\nn\tO\n")
    run(config_of(datasets))
    record = run(config_of(datasets, "leakage=drop"))
    assert used(record) == {"demo_chemical": (2, 0, 0), "demo_disease": (2, 1, 1)}
    assert record.stages[0].reused is True


def test_error_ends_before_training(datasets: Path) -> None:
    with pytest.raises(ConfigError, match=r"^leakage: is error, and 2 of 4 training sentences"):
        run(config_of(datasets, "leakage=error"))
    clean = config_of(datasets, "leakage=error")
    (datasets / "source" / "train.tsv").write_text("m\tB-Gene\n")
    (datasets / "mine" / "train.tsv").write_text("m\tB-Gene\n\nf\tO\n")
    assert used(run(clean)) == {"demo_chemical": (1, 0, 0), "demo_disease": (2, 0, 0)}


def test_drop_that_leaves_nothing(datasets: Path) -> None:
    (datasets / "source" / "train.tsv").write_text(MINE["test"])
    with pytest.raises(ConfigError, match=r"^leakage: is drop, and leaves nothing of source"):
        run(config_of(datasets, "leakage=drop"))


def test_only_what_is_used_counts(datasets: Path) -> None:
    found = set()
    for seed in range(6):
        record = run(
            config_of(datasets, "pretrain.train_size=1", "leakage=warn", f"subset_seed={seed}")
        )
        found.add(used(record)["demo_chemical"])
    assert found == {(1, 0, 0), (1, 1, 0)}


def test_the_config_that_is_recorded_says_what_was_done(datasets: Path) -> None:
    config = config_of(datasets, "leakage=drop")
    assert asdict(config)["leakage"] == run(config).config["leakage"] == "drop"
