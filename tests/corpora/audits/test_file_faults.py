"""All errors of the files of a dataset, with their lines."""

from dataclasses import replace
from pathlib import Path

import pytest

from bioner.config.dataset import DatasetConfig
from bioner.corpora.audits.file_faults import inspect
from bioner.errors import ConfigError

GOOD = "The\tO\nBRCA1\tB-Gene\ngene\tO\n\nNo\tO\none\tO\n"
BAD = """\
The\tO
BRCA1\tB-Gen
gene\tI-Gene

a\tI-Gene
b\tO
c\tI-Gene
d\tI-Gene
e

It\tO
is\tO
BRCA1\tI-Gene

x\tI-Gene
y\tO
z\tI-Gene
w\tI-Gene

BRCA1\tB-Gen
fine\tO

fine\tO
BRCA1\tB-Gene
"""


@pytest.fixture
def config(tmp_path: Path) -> DatasetConfig:
    (tmp_path / "mine").mkdir()
    for split in ("train", "devel", "test"):
        (tmp_path / "mine" / f"{split}.tsv").write_text(GOOD)
    return DatasetConfig(path="mine", types=["Gene"])


def test_a_right_dataset(tmp_path: Path, config: DatasetConfig) -> None:
    found = inspect("mine", config, tmp_path, None, 10)
    assert found.faults == []
    assert found.corpus is not None
    assert [len(split.sentences) for split in found.corpus.splits.values()] == [2, 2, 2]


def test_every_error_is_found_with_its_line(tmp_path: Path, config: DatasetConfig) -> None:
    file = tmp_path / "mine" / "devel.tsv"
    file.write_text(BAD)
    found = inspect("mine", replace(config, sentences={"devel": 99}), tmp_path, None, 10)
    assert {(fault.dataset, fault.path) for fault in found.faults} == {("mine", str(file))}
    # The sentence of line 1 and that of line 5 have a line that can't be read: whether their I-
    # continue it nobody knows. The same wrong line is an error each time.
    assert [fault.line for fault in found.faults] == [2, 9, 13, 15, 17, 20]
    messages = [fault.message for fault in found.faults]
    assert messages[0].startswith("type 'Gen' is not in dataset.mine.types; did you mean Gene?")
    assert messages[1].startswith("1 column parted by tabs: 'e'; expected 2, as on line 1")
    assert messages[2].startswith("tag I-Gene of 'BRCA1' after O continues no mention")
    assert messages[5] == messages[0]
    assert found.corpus is not None
    assert [s.line for s in found.corpus.splits["devel"].sentences] == [23]


def test_the_limit_is_for_each_file(tmp_path: Path, config: DatasetConfig) -> None:
    for split in ("train", "test"):
        (tmp_path / "mine" / f"{split}.tsv").write_text(BAD)
    faults = inspect("mine", config, tmp_path, None, 2).faults
    assert [fault.line for fault in faults] == [2, 9, 2, 9, None, None]
    assert faults[-1].message == "and 4 more errors in this file"
    assert [fault.count for fault in faults] == [1, 1, 1, 1, 4, 4]


def test_errors_of_whole_files(tmp_path: Path, config: DatasetConfig) -> None:
    (tmp_path / "mine" / "train.tsv").write_bytes(b"caf\xe9\tO\n")
    (tmp_path / "mine" / "devel.tsv").write_text("")
    wrong = replace(config, sha256={"test": "ab" * 32}, mentions={"test": 9})
    found = inspect("mine", wrong, tmp_path, None, 10)
    assert [(Path(f.path).name, f.line) for f in found.faults] == [
        ("train.tsv", 1),
        ("devel.tsv", None),
        ("test.tsv", None),
    ]
    assert "is not UTF-8" in found.faults[0].message
    assert "SHA-256" in found.faults[2].message
    assert found.corpus is not None and list(found.corpus.splits) == ["train", "test"]
    assert len(found.corpus.splits["train"].sentences) == 0  # what is left of it
    counts = inspect("mine", replace(config, mentions={"test": 9}), tmp_path, None, 10).faults
    assert "has 1 mentions, but dataset.mine.mentions.test is 9" in counts[-1].message


def test_files_that_can_not_be_had(tmp_path: Path) -> None:
    found = inspect("mine", DatasetConfig(path="mine"), tmp_path, None, 10)
    assert found.corpus is None
    assert [fault.line for fault in found.faults] == [None]
    assert "no such file (nor devel.tsv, test.tsv)" in found.faults[0].message


def test_a_yaml_that_can_not_be_used(tmp_path: Path, config: DatasetConfig) -> None:
    with pytest.raises(ConfigError, match=r"dataset\.mine\.tag_column"):
        inspect("mine", replace(config, tag_column=7), tmp_path, None, 10)


def test_what_follows_from_an_error_is_none(tmp_path: Path, config: DatasetConfig) -> None:
    (tmp_path / "mine" / "train.tsv").write_bytes(b"")
    found = inspect("mine", replace(config, types=[]), tmp_path, None, 10)
    assert [fault.path for fault in found.faults] == [str(tmp_path / "mine" / "train.tsv")]
    assert found.corpus is not None
    assert found.corpus.warnings == ()  # of types that train never has

    found = inspect("mine", replace(config, scheme="IOBES"), tmp_path, None, 10)
    assert not [fault for fault in found.faults if "no split of the dataset" in fault.message]
