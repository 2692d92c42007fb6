"""A corpus that is one file, in folds: each is test in its turn."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioner.config.dataset import DatasetConfig
from bioner.corpora.catalogue import load_corpus
from bioner.corpora.document_groups import documents
from bioner.corpora.holdout import fold_numbers, parted
from bioner.corpora.sentence import Sentence
from bioner.corpora.sentence_table import Table
from bioner.errors import ConfigError, DataError
from tests.corpora.test_holdout import DOCUMENTS, table, words

CONFIG = DatasetConfig(
    path="mine", types=["Gene"], files={"train": "train.tsv"}, devel_share=0.25, folds=5
)


@given(
    st.lists(st.integers(1, 20), min_size=3, max_size=40),
    st.data(),
    st.none() | st.floats(0.05, 0.9),
)
def test_folds_part_the_documents(
    sizes: list[int], data: st.DataObject, devel: float | None
) -> None:
    folds = data.draw(st.integers(2, len(sizes) - 1))
    sentences = table(sizes)
    config = DatasetConfig(path="x", folds=folds, devel_share=devel)
    tested = Counter[int]()
    for fold in range(1, folds + 1):
        parts = parted(sentences, replace(config, fold=fold))
        assert [*parts] == ["train", "test", *([] if devel is None else ["devel"])]
        left = documents(sentences) - documents(sentences.take(parts["test"].tolist(), {}))
        assert len(parts["test"]) and len(parts["train"])
        assert devel is None or len(parts["devel"]) or left == 1  # which is said then
        assert sorted(np.concatenate([*parts.values()])) == [*range(len(sentences))]
        names = [{sentences[int(i)].document for i in places} for places in parts.values()]
        assert sum(map(len, names)) == len(sizes)  # documents stay whole
        if devel is not None and min(len(names[0]), len(names[2])) > 1:
            rest = len(sentences) - len(parts["test"])
            assert abs(len(parts["devel"]) - devel * rest) <= max(sizes)
        tested.update(parts["test"].tolist())
    assert tested == Counter(range(len(sentences)))  # every document is tested once
    numbers = np.bincount(fold_numbers(sentences, folds))[1:]
    assert len(numbers) == folds and max(numbers) - min(numbers) <= max(sizes)


def test_without_documents_sentences_are_dealt_out() -> None:
    sentences = Table.of(Sentence(("w",), ("O",), i + 1) for i in range(1001))
    numbers = fold_numbers(sentences, 4)
    assert sorted(np.bincount(numbers)) == [0, 250, 250, 250, 251]
    assert numbers.tolist() == fold_numbers(sentences, 4).tolist()
    third = np.flatnonzero(numbers == 3)
    assert third.max() - third.min() > 500  # not a piece of the file


@pytest.fixture
def datasets(tmp_path: Path) -> Path:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "train.tsv").write_text(DOCUMENTS)
    return tmp_path


def test_a_corpus_in_folds(datasets: Path, tmp_path: Path) -> None:
    read = [words(load_corpus("mine", replace(CONFIG, fold=k), datasets)) for k in range(1, 6)]
    assert [[len(one[s]) for s in ("train", "devel", "test")] for one in read] == [[18, 6, 6]] * 5
    whole = sorted(f"w{d}{s}" for d in range(10) for s in range(3))
    assert sorted(word for one in read for word in one["test"]) == whole
    for fold, found in enumerate(read, start=1):
        assert sorted(found["train"] + found["devel"] + found["test"]) == whole
        config = replace(CONFIG, fold=fold)
        for _ in range(2):  # what the cache keeps is that of the fold
            cached = load_corpus("mine", config, datasets, cache=tmp_path / "cache")
            assert words(cached) == found
            assert (cached.folds, cached.fold, cached.held_out_by) == (5, fold, "documents")
    keys = {str(split.key) for k in (1, 2) for split in cached_splits(datasets, k)}
    assert len(keys) == 6


def cached_splits(datasets: Path, fold: int) -> Any:
    return load_corpus("mine", replace(CONFIG, fold=fold), datasets).splits.values()


def test_devel_may_be_a_file(datasets: Path) -> None:
    (datasets / "mine" / "dev.tsv").write_text("v\tB-Gene\n")
    files = {"train": "train.tsv", "devel": "dev.tsv"}
    config = replace(CONFIG, files=files, devel_share=None, fold=2)
    found = words(load_corpus("mine", config, datasets))
    assert [len(found[split]) for split in ("train", "devel", "test")] == [24, 1, 6]


def test_without_a_fold_the_file_is_read_whole(datasets: Path) -> None:
    counted = replace(CONFIG, sentences={"train": 21, "devel": 3, "test": 6})
    assert {s: len(w) for s, w in words(load_corpus("mine", counted, datasets)).items()} == {
        "train": 30
    }
    wrong = replace(CONFIG, sentences={"train": 29})
    with pytest.raises(DataError, match=r"has 30 sentences, but dataset\.mine\.sentences"):
        load_corpus("mine", wrong, datasets)
    assert load_corpus("mine", replace(wrong, fold=1), datasets)  # each fold has other counts


def test_the_sha256_of_the_file_is_checked_in_every_fold(datasets: Path) -> None:
    with pytest.raises(DataError, match="SHA-256"):
        load_corpus("mine", replace(CONFIG, fold=1, sha256={"train": "0"}), datasets)


def test_devel_may_be_a_fold_of_what_test_leaves(datasets: Path, tmp_path: Path) -> None:
    whole = sorted(f"w{d}{s}" for d in range(10) for s in range(3))
    for test, sizes in (({"folds": 5, "fold": 2}, (18, 6, 6)), ({"test_share": 0.0}, (22, 8, 0))):
        config = replace(CONFIG, **{"devel_share": None, "folds": None, **test})  # type: ignore[arg-type]
        scored: list[str] = []
        for fold in range(1, 5):
            one = replace(config, devel_folds=4, devel_fold=fold)
            found = words(load_corpus("mine", one, datasets, cache=tmp_path / "cache"))
            assert sorted(word for of in found.values() for word in of) == whole
            assert all(
                abs(len(found[split]) - size) <= 3
                for split, size in zip(("train", "devel", "test"), sizes, strict=True)
            )
            assert {word[:2] for word in found["devel"]}.isdisjoint(w[:2] for w in found["train"])
            scored += found["devel"]
        assert sorted(scored + found["test"]) == whole  # every other document is devel once
    corpus = load_corpus("mine", one, datasets)
    assert (corpus.devel_folds, corpus.devel_fold, corpus.unscored) == (4, 4, [])


@pytest.mark.parametrize(("folds", "says"), [(11, "folds=11; more"), (10, None)])
def test_too_few_documents(datasets: Path, folds: int, says: str | None) -> None:
    config = replace(CONFIG, folds=folds, fold=1)
    if says is None:
        assert len(words(load_corpus("mine", config, datasets))["test"]) == 3
        return
    with pytest.raises(DataError, match=rf"has 10 documents, too few for dataset\.mine\.{says}"):
        load_corpus("mine", config, datasets)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"folds": 1}, "folds: is 1; at least 2, or null"),
        ({"test_share": 0.2}, "test_share: is 0.2, but a fold is test; leave folds or test_share"),
        (
            {"files": {"train": "a", "test": "b"}},
            "files.test: is 'b', but a fold is test; leave folds or the file out",
        ),
        ({"devel_share": None}, "files.devel: is not given; expected the name of a file, or devel"),
        ({"devel_folds": 3}, "devel_fold: is not given; devel_folds is 3; 1 to 3"),
        ({"devel_folds": 3, "devel_fold": 4}, "devel_fold: is 4; devel_folds is 3; 1 to 3"),
        ({"devel_folds": 1}, "devel_folds: is 1; at least 2, or null"),
        ({"devel_fold": 1}, "devel_fold: is 1, but dataset.mine.devel_folds is null"),
        (
            {"devel_folds": 3, "devel_fold": 1},
            "devel_share: is 0.25, but a fold is devel; leave devel_folds or devel_share out",
        ),
        ({"folds": None, "test_share": 1.0}, "test_share: is 1.0; a number between 0 and 1, 0 for"),
        ({"folds": None, "fold": 1}, "fold: is 1, but dataset.mine.folds is null"),
    ],
)
def test_bad_yaml(datasets: Path, change: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        load_corpus("mine", replace(CONFIG, **change), datasets)
    assert str(raised.value).startswith(f"dataset.mine.{message}")
