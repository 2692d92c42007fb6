"""Datasets of document formats: types, overlaps, what is counted, what is refused."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bioner.config.dataset import DatasetConfig, Flatten
from bioner.corpora.audits.file_faults import inspect
from bioner.corpora.catalogue import Corpus, load_corpus
from bioner.errors import ConfigError, DataError

FILES = {"train": "train.txt", "devel": "devel.txt", "test": "test.txt"}
CONFIG = DatasetConfig(path="mine", files=FILES, format="pubtator")
PLAIN = "9|t|A fever.\n9\t2\t7\tfever\tDisease\n"
# Nested, the same twice, of another type at the same place, and cut by a word.
TRAIN = (
    "1|t|Ovarian cancer in mRNA.\n1|a|None.\n1\t0\t14\tOvarian cancer\tDisease\n"
    "1\t0\t7\tOvarian\tOrgan\n1\t0\t14\tOvarian cancer\tDisease\n1\t18\t22\tmRNA\tGene\n"
    "\n2|t|Of mRNA.\n2\t4\t7\tRNA\tGene\n"
)


def load(folder: Path, config: DatasetConfig, texts: Mapping[str, str], **changes: Any) -> Corpus:
    (folder / "mine").mkdir(exist_ok=True)
    for split, name in config.files.items():
        (folder / "mine" / name).write_text(texts.get(split, PLAIN))
    return load_corpus("mine", replace(config, **changes), folder)


def tagged(corpus: Corpus) -> list[tuple[str, str]]:
    return [
        pair
        for sentence in corpus.splits["train"].sentences
        for pair in zip(sentence.words, sentence.tags, strict=True)
        if pair[1] != "O"
    ]


def test_flatten(tmp_path: Path) -> None:
    texts = {"train": TRAIN}
    longest = load(tmp_path, CONFIG, texts, flatten=Flatten.longest)
    genes = [("mRNA", "B-Gene"), ("mRNA", "B-Gene")]
    assert tagged(longest) == [("Ovarian", "B-Disease"), ("cancer", "I-Disease"), *genes]
    shortest = load(tmp_path, CONFIG, texts, flatten=Flatten.shortest)
    assert tagged(shortest) == [("Ovarian", "B-Organ"), *genes]
    train = longest.splits["train"]
    assert (train.dropped, train.cut, train.joined) == (2, 1, 0)
    assert longest.types == ("Disease", "Gene")
    assert [s.document for s in train.sentences] == ["1", "1", "2"]
    assert longest.warnings == (
        "train: 1 mention is cut by the end of a sentence or inside of a word: each is tagged on "
        "all the words that it touches",
        "train: 2 mentions are left out, since another one has their words",
    )
    with pytest.raises(DataError) as raised:
        load(tmp_path, CONFIG, texts)
    assert str(raised.value) == (
        f"{tmp_path / 'mine' / 'train.txt'}:4: annotation of document '1' ('Ovarian') overlaps "
        "another one; set dataset.mine.flatten to longest or shortest"
    )


def test_the_same_mention_twice_is_no_conflict(tmp_path: Path) -> None:
    corpus = load(tmp_path, CONFIG, {"train": TRAIN.replace("1\t0\t7\tOvarian\tOrgan\n", "")})
    assert corpus.splits["train"].dropped == 1


def test_discontinuous_mentions(tmp_path: Path) -> None:
    value = {
        "text": "left and right eye",
        "annotations": [{"spans": [[0, 4], [15, 18]], "type": "Organ"}],
    }
    plain = {"text": "An eye.", "annotations": [{"start": 3, "end": 6, "type": "Organ"}]}
    texts = {split: json.dumps(plain) for split in FILES} | {"train": json.dumps(value)}
    config = replace(CONFIG, format="jsonl")
    corpus = load(tmp_path, config, texts, flatten=Flatten.longest)
    assert [tag for _, tag in tagged(corpus)] == ["B-Organ", "I-Organ", "I-Organ", "I-Organ"]
    assert corpus.splits["train"].joined == 1
    with pytest.raises(DataError, match=r"train\.txt:1: .*is discontinuous; set dataset\.mine\.fl"):
        load(tmp_path, config, texts)


def test_types_are_mapped_before_overlaps_are_looked_for(tmp_path: Path) -> None:
    types = {"Disease": "Illness", "Gene": "Molecule", "Organ": None}
    corpus = load(tmp_path, CONFIG, {"train": TRAIN}, types=types)
    assert corpus.types == ("Illness", "Molecule")
    assert tagged(corpus)[1:3] == [("cancer", "I-Illness"), ("mRNA", "B-Molecule")]


@pytest.mark.parametrize(
    ("types", "message"),
    [
        (["Disease", "Gene"], "type 'Organ' is not in dataset.mine.types; Legal: Disease, Gene"),
        (
            {"Disease": "X", "Gene": "X", "Organs": None},
            "type 'Organ' is not in dataset.mine.types; did you mean Organs? Legal: Disease, Gene,",
        ),
    ],
)
def test_an_unmapped_type(tmp_path: Path, types: Any, message: str) -> None:
    with pytest.raises(DataError) as raised:
        load(tmp_path, CONFIG, {"train": TRAIN}, types=types)
    place = f"{tmp_path / 'mine' / 'train.txt'}:4: annotation of document '1': "
    assert str(raised.value).startswith(place + message)


def test_a_type_with_a_blank_needs_a_map(tmp_path: Path) -> None:
    train = "1|t|Skin.\n1\t0\t4\tSkin\tBody part\n"
    with pytest.raises(DataError, match="the type is 'Body part'; expected a name without blanks"):
        load(tmp_path, CONFIG, {"train": train})
    types = {"Body part": "Body_part", "Disease": "Disease"}
    assert load(tmp_path, CONFIG, {"train": train}, types=types).types == ("Body_part", "Disease")


def test_repair_reads_what_stands_at_the_offsets(tmp_path: Path) -> None:
    train = "1|t|A fever.\n1\t2\t7\tfevers\tDisease\n"
    with pytest.raises(DataError, match=r"'fevers', but .*'fever'.*set dataset\.mine\.repair=true"):
        load(tmp_path, CONFIG, {"train": train})
    corpus = load(tmp_path, CONFIG, {"train": train}, repair=True)
    assert tagged(corpus) == [("fever", "B-Disease")]
    assert corpus.splits["train"].repaired == 1
    assert "train: 1 tags or annotations repaired" in corpus.warnings


def test_every_fault_of_a_dataset(tmp_path: Path) -> None:
    load(tmp_path, CONFIG, {})
    train = f"{TRAIN}\n2|t|Again.\n\n3|t|Ab.\n3\t0\t9\tAb\tX\n3\t9\n"
    (tmp_path / "mine" / "train.txt").write_text(train)
    (tmp_path / "mine" / "test.txt").unlink()
    (tmp_path / "mine" / "test.txt").mkdir()
    found = inspect("mine", replace(CONFIG, types=["Disease", "Gene"]), tmp_path, None, 9)
    assert [(Path(fault.path).name, fault.line) for fault in found.faults] == [
        ("train.txt", 4),
        ("train.txt", 15),
        ("test.txt", None),
    ]
    assert found.corpus is not None
    assert [s.document for s in found.corpus.splits["train"].sentences] == ["1", "1", "2", "2"]


@pytest.mark.parametrize("end", [len("\n"), len("sease\n")])
def test_a_pubtator_file_that_may_be_cut_off_is_said(tmp_path: Path, end: int) -> None:
    said = "train: line 2, the last one, has no line end: was it cut off?"
    assert said in load(tmp_path, CONFIG, {"train": PLAIN[:-end]}).warnings
    assert load(tmp_path, CONFIG, {}).warnings == ()


def test_folders_of_brat(tmp_path: Path) -> None:
    config = replace(CONFIG, format="brat", files={split: split for split in FILES})
    for split in FILES:
        folder = tmp_path / "mine" / split
        folder.mkdir(parents=True)
        (folder / "a.txt").write_text("A fever.")
        (folder / "a.ann").write_text("T1\tDisease 2 7\tfever\n")
    corpus = load_corpus("mine", config, tmp_path)
    assert [len(split.sentences) for split in corpus.splits.values()] == [1, 1, 1]
    train = corpus.splits["train"]
    assert load_corpus("mine", replace(config, sha256={"train": train.sha256}), tmp_path)
    (tmp_path / "mine" / "train" / "a.ann").write_text("T1\tFever 2 7\tfever\n")
    with pytest.raises(DataError, match=r"train/a\.ann:1: .* 'a': type 'Fever' is not in dataset"):
        load_corpus("mine", replace(config, types=["Disease"]), tmp_path)
    with pytest.raises(DataError, match=r"train: its SHA-256 is .*, but dataset\.mine\.sha256\.tr"):
        load_corpus("mine", replace(config, sha256={"train": train.sha256}), tmp_path)


def test_a_missing_split(tmp_path: Path) -> None:
    load(tmp_path, CONFIG, {})
    (tmp_path / "mine" / "devel.txt").unlink()
    with pytest.raises(DataError, match=r"devel\.txt: no such file; dataset\.mine\.url gives no"):
        load_corpus("mine", CONFIG, tmp_path)
    with pytest.raises(ConfigError, match=r"dataset\.mine\.files\.devel: is not given"):
        load_corpus("mine", replace(CONFIG, files={"train": "train.txt", "test": "x"}), tmp_path)


def test_documents_without_any_text(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"train\.txt: has no sentence; expected documents"):
        load(tmp_path, CONFIG, {"train": "\n\n"})
