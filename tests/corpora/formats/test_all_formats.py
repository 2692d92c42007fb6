"""The records of the formats, and that one more record is one more format everywhere."""

import gzip
import json
from pathlib import Path

import pytest

from bioner.config.dataset import DatasetConfig
from bioner.config.datasets import Action, DatasetsConfig, Output
from bioner.corpora.catalogue import load_corpus
from bioner.corpora.formats.all_formats import FORMATS, corpus_formats
from bioner.corpora.formats.format import Format
from bioner.datasets.actions import act
from bioner.datasets.sniff import sniff
from bioner.errors import DataError
from tests.corpora.formats.toy import TOY

LINES = "The [BRCA1](Gene) gene .\nMutations of [TP53](Gene) and [KRAS](Gene)\n"


def test_names_and_endings_are_distinct() -> None:
    assert [form.name for form in FORMATS.values()] == list(FORMATS)
    endings = [ending for form in FORMATS.values() for ending in form.endings]
    assert len(set(endings)) == len(endings)
    assert "text" not in corpus_formats()


@pytest.mark.parametrize("form", [one for one in FORMATS.values() if not one.is_folder])
def test_a_stream_that_is_refused_is_not_closed(form: Format, tmp_path: Path) -> None:
    """Who lends the stream goes on with it: `predict` asks where it stands."""
    (tmp_path / "all").write_bytes(gzip.compress(b"Fever\tO\n"))
    with (tmp_path / "all").open("rb") as stream:
        faults: list[DataError] = []
        try:
            list(form.read(stream, faults.append))
        except DataError as error:
            faults.append(error)
        assert [fault.says.partition(";")[0] for fault in faults] == ["is compressed data (gzip)"]
        assert not stream.closed


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> DatasetConfig:
    """A dataset in a format that is registered here."""
    monkeypatch.setitem(FORMATS, TOY.name, TOY)
    for split in ("train", "devel", "test"):
        (tmp_path / f"{split}.toy").write_text(f"{LINES}A text of {split} alone\n")
    files = {split: f"{split}.toy" for split in ("train", "devel", "test")}
    return DatasetConfig(path=str(tmp_path), format="toy", files=files)


def test_a_new_format_is_read_as_a_corpus(toy: DatasetConfig, tmp_path: Path) -> None:
    corpus = load_corpus("mine", toy, tmp_path)
    assert corpus.types == ("Gene",)
    found = corpus.splits["test"].sentences
    assert [(" ".join(s.words), s.tags.count("B-Gene"), s.document) for s in found] == [
        ("The BRCA1 gene .", 1, "1"),
        ("Mutations of TP53 and KRAS", 2, "2"),
        ("A text of test alone", 0, "3"),
    ]


def test_a_new_format_is_checked(
    toy: DatasetConfig, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = DatasetsConfig(
        action=Action.check,
        names=["mine"],
        format=Output.json,
        dataset={"mine": toy},
        datasets_dir=str(tmp_path),
    )
    act(config)
    found = json.loads(capsys.readouterr().out)
    assert found["errors"] == []
    assert len(found["leakage"]) > 0


def test_a_new_format_is_told_by_its_look(
    toy: DatasetConfig, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sniff(tmp_path / "train.toy") == "toy"
    act(DatasetsConfig(action=Action.new, path=str(tmp_path), output=str(tmp_path / "conf")))
    (written,) = (tmp_path / "conf" / "dataset").iterdir()
    assert "format: toy" in written.read_text()
