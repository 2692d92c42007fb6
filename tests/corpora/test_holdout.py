"""A devel split that is a part of the train file."""

from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioner.config.dataset import DatasetConfig
from bioner.corpora.catalogue import Corpus, load_corpus
from bioner.corpora.holdout import hold_out
from bioner.corpora.sentence import Sentence
from bioner.corpora.sentence_table import Table
from bioner.errors import ConfigError, DataError

CONFIG = DatasetConfig(
    path="mine", types=["Gene"], files={"train": "train.tsv", "test": "test.tsv"}, devel_share=0.2
)
# Ten documents of three sentences.
DOCUMENTS = "".join(
    f"-DOCSTART- (d{d})\n\n" + "".join(f"w{d}{s}\tB-Gene\nx\tO\n\n" for s in range(3))
    for d in range(10)
)


def table(sizes: list[int]) -> Table:
    """Return a split of documents of so many sentences."""
    return Table.of(
        Sentence(("w",), ("O",), 1, f"d{d}") for d, size in enumerate(sizes) for _ in range(size)
    )


@given(st.lists(st.integers(1, 20), min_size=2, max_size=30), st.floats(0.01, 0.99))
def test_documents_stay_whole_and_nothing_is_lost(sizes: list[int], share: float) -> None:
    sentences = table(sizes)
    left, held = (part.tolist() for part in hold_out(sentences, share))
    assert left and held and sorted(left + held) == list(range(len(sentences)))
    documents = [{sentences[i].document for i in part} for part in (left, held)]
    assert not documents[0] & documents[1]
    # As near to the share as whole documents come, but for those that each part must have.
    if len(documents[0]) > 1 and len(documents[1]) > 1:
        assert abs(len(held) - share * len(sentences)) <= max(sizes)


def test_without_documents_sentences_are_drawn() -> None:
    sentences = Table.of(Sentence(("w",), ("O",), i + 1) for i in range(1000))
    left, held = hold_out(sentences, 0.1)
    assert (len(left), len(held)) == (900, 100)
    assert held.tolist() == hold_out(sentences, 0.1)[1].tolist()
    assert held.max() - held.min() > 500  # not the end of the file


@pytest.fixture
def datasets(tmp_path: Path) -> Path:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "train.tsv").write_text(DOCUMENTS)
    (tmp_path / "mine" / "test.tsv").write_text("t\tB-Gene\n")
    return tmp_path


def words(corpus: Corpus) -> dict[str, list[str]]:
    return {s: [x.words[0] for x in split.sentences] for s, split in corpus.splits.items()}


def test_a_corpus_without_devel(datasets: Path, tmp_path: Path) -> None:
    corpus = load_corpus("mine", CONFIG, datasets)
    assert (corpus.devel_share, corpus.held_out_by) == (0.2, "documents")
    found = words(corpus)
    assert [len(found[split]) for split in ("train", "devel", "test")] == [24, 6, 1]
    whole = [f"w{d}{s}" for d in range(10) for s in range(3)]
    assert sorted(found["train"] + found["devel"]) == whole
    assert corpus.splits["train"].sha256 == corpus.splits["devel"].sha256
    assert corpus.splits["train"].key != corpus.splits["devel"].key
    for _ in range(2):  # what the cache keeps is the same
        assert words(load_corpus("mine", CONFIG, datasets, cache=tmp_path / "cache")) == found


def test_a_corpus_of_one_file(datasets: Path, tmp_path: Path) -> None:
    (datasets / "mine" / "test.tsv").unlink()
    one = replace(CONFIG, files={"train": "train.tsv"}, test_share=0.3)
    corpus = load_corpus("mine", one, datasets)
    found = words(corpus)
    assert [len(found[split]) for split in ("train", "devel", "test")] == [15, 6, 9]
    assert sorted(chain.from_iterable(found.values())) == [
        f"w{d}{s}" for d in range(10) for s in range(3)
    ]
    whole = {split: {word[:-1] for word in of} for split, of in found.items()}
    assert sum(map(len, whole.values())) == 10  # documents stay whole
    assert (corpus.test_share, corpus.devel_share) == (0.3, 0.2)
    assert len({str(split.key) for split in corpus.splits.values()}) == 3
    for _ in range(2):
        assert words(load_corpus("mine", one, datasets, cache=tmp_path / "cache")) == found
    files = {"train": "train.tsv", "devel": "devel.tsv"}
    (datasets / "mine" / "devel.tsv").write_text("v\tB-Gene\n")
    with_devel = replace(one, files=files, devel_share=None)
    assert words(load_corpus("mine", with_devel, datasets))["test"] == found["test"]


def test_the_cache_is_never_stale(datasets: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"

    def read(config: DatasetConfig) -> dict[str, list[str]]:
        return words(load_corpus("mine", config, datasets, cache=cache))

    before = read(CONFIG)
    assert len(read(replace(CONFIG, devel_share=0.5))["devel"]) == 15
    assert read(CONFIG) == before
    (datasets / "mine" / "train.tsv").write_text(DOCUMENTS.replace("w", "v"))
    assert read(CONFIG) == {s: [w.replace("w", "v") for w in ws] for s, ws in before.items()}


def test_repairs_are_counted_once(datasets: Path) -> None:
    (datasets / "mine" / "train.tsv").write_text(DOCUMENTS.replace("B-Gene", "I-Gene"))
    corpus = load_corpus("mine", replace(CONFIG, repair=True), datasets)
    assert [split.repaired for split in corpus.splits.values()] == [30, 0, 0]


def test_faults_are_told_once(datasets: Path) -> None:
    (datasets / "mine" / "train.tsv").write_text(DOCUMENTS + "one column\n\nx\tB-None\n")
    faults: list[DataError] = []
    load_corpus("mine", CONFIG, datasets, report=faults.append)
    assert [fault.line for fault in faults] == [111, 113]
    faults.clear()
    (datasets / "mine" / "train.tsv").write_bytes(b"\xff")
    corpus = load_corpus("mine", replace(CONFIG, types=["Gene"]), datasets, report=faults.append)
    assert (len(faults), list(corpus.splits)) == (1, ["test"])


def test_one_document_can_not_be_parted(datasets: Path) -> None:
    (datasets / "mine" / "train.tsv").write_text("-DOCSTART- (a)\n\na\tO\n\nb\tB-Gene\n")
    with pytest.raises(DataError, match=r"has one document, so that dataset\.mine\.devel_share"):
        load_corpus("mine", CONFIG, datasets)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"devel_share": 0.0}, "devel_share: is 0.0; a number between 0 and 1, or null"),
        ({"devel_share": 1.0}, "devel_share: is 1.0; a number"),
        (
            {"files": {"train": "a", "devel": "b", "test": "c"}},
            "files.devel: is 'b', but devel_share makes devel from train; leave one of the two out",
        ),
        ({"test_share": 0.3}, "files.test: is 'test.tsv', but test_share makes test from train"),
        (
            {"files": {"train": "a"}, "test_share": 0.8},
            "test_share: is 0.8, and devel_share 0.2: nothing is left",
        ),
        ({"files": {"train": "a"}}, "files.test: is not given; expected the name of a file, or"),
        (
            {"devel_share": None},
            "files.devel: is not given; expected the name of a file, or devel_share",
        ),
    ],
)
def test_bad_yaml(datasets: Path, change: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        load_corpus("mine", replace(CONFIG, **change), datasets)
    assert str(raised.value).startswith(f"dataset.mine.{message}")


def test_usual_names() -> None:
    usual = {"train": "train.tsv", "test": "test.tsv"}
    assert DatasetConfig(devel_share=0.1).files == usual
    assert DatasetConfig().files == usual | {"devel": "devel.tsv"}
