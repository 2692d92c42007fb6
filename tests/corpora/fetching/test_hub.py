"""Datasets of the Hugging Face library, read from disk by the code that reads the hub."""

import json
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from bioner.config.dataset import DatasetConfig, Flatten, HubConfig
from bioner.corpora.catalogue import load_corpus
from bioner.corpora.dataset_checks import check_config
from bioner.corpora.fetching.hub import WRITERS
from bioner.corpora.sentence import Sentence
from bioner.errors import ConfigError, UserError

NAMES = ["O", "B-Disease", "I-Disease"]
ROWS = [
    {"id": "0", "tokens": ["Chronic", "cough", "."], "ner_tags": [1, 2, 0]},
    {"id": "1", "tokens": [], "ner_tags": []},
    {"id": "2", "tokens": ["β", "fever"], "ner_tags": [0, 1]},
]
SPLITS = ("train", "validation", "test")
OF_BIGBIO = {
    "id": "0",
    "document_id": "7",
    "passages": [
        {"id": "1", "type": "title", "text": ["A fever."], "offsets": [[0, 8]]},
        {"id": "2", "type": "abstract", "text": ["Ulna or radius."], "offsets": [[9, 24]]},
    ],
    "entities": [
        {"id": "3", "type": "Disease", "text": ["fever"], "offsets": [[2, 7]], "normalized": []},
        {
            "id": "4",
            "type": "Part",
            "text": ["Ulna", "radius"],
            "offsets": [[9, 13], [17, 23]],
            "normalized": [],
        },
    ],
}
LINES = [
    {"id": "a", "text": "A fever.", "annotations": [{"start": 2, "end": 7, "type": "Disease"}]},
    {"id": "b", "passages": [{"text": "No.", "offset": 0}], "annotations": []},
]


@pytest.fixture(scope="module")
def library() -> Any:
    return pytest.importorskip("datasets", reason="the extra `hub` is not installed")


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if "datasets" in sys.modules:
        monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")


def described(folder: Path, **hub: Any) -> DatasetConfig:
    return DatasetConfig(path="mine", hub=HubConfig(name=str(folder), **hub))


def sentences(config: DatasetConfig, folder: Path, split: str = "train") -> list[Sentence]:
    return list(load_corpus("mine", config, folder).splits[split].sentences)


def in_parquet(library: Any, folder: Path, rows: list[dict[str, Any]], tags: Any) -> Path:
    """Write a folder as the hub has it: a parquet file a split, the names of the tags in it."""
    features = library.Features(
        {
            "id": library.Value("string"),
            "tokens": library.List(library.Value("string")),
            "ner_tags": library.List(tags),
        }
    )
    for split in SPLITS:
        data = library.Dataset.from_list(rows, features=features)
        (folder / "data").mkdir(parents=True, exist_ok=True)
        data.to_parquet(folder / "data" / f"{split}-00000-of-00001.parquet")
    return folder


def in_json(folder: Path, rows: list[dict[str, Any]]) -> Path:
    folder.mkdir()
    for split in SPLITS:
        (folder / f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


EXPECTED = [
    Sentence(("Chronic", "cough", "."), ("B-Disease", "I-Disease", "O"), 1, "", ()),
    Sentence(("β", "fever"), ("O", "B-Disease"), 5, "", ()),
]


def test_parquet_with_named_tags(
    library: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = in_parquet(library, tmp_path / "hub", ROWS, library.ClassLabel(names=NAMES))
    assert sentences(described(folder), tmp_path) == EXPECTED
    assert "[train]: 1 rows without a word are left out" in caplog.text
    file = tmp_path / "mine" / "devel.tsv"  # what is called `validation` there
    assert file.read_text("utf-8").split("\n\n") == [
        "Chronic\tB-Disease\ncough\tI-Disease\n.\tO",
        "β\tO\nfever\tB-Disease",
        "",
    ]
    assert not list(tmp_path.glob("mine/.part"))


def test_what_was_written_needs_no_library(
    library: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = in_parquet(library, tmp_path / "hub", ROWS, library.ClassLabel(names=NAMES))
    config = described(folder)
    load_corpus("mine", config, tmp_path)
    monkeypatch.setitem(sys.modules, "datasets", None)
    assert sentences(config, tmp_path) == EXPECTED


def test_saved_to_disk_with_other_names(library: Any, tmp_path: Path) -> None:
    rows = [
        {"words": row["tokens"], "labels": [NAMES[tag] for tag in row["ner_tags"]]}
        for row in ROWS
        if row["tokens"]
    ]
    saved = {split: library.Dataset.from_list(rows) for split in ("fit", "dev", "eval")}
    library.DatasetDict(saved).save_to_disk(tmp_path / "hub")
    config = described(
        tmp_path / "hub",
        words="words",
        tags="labels",
        splits={"train": "fit", "devel": "dev", "test": "eval"},
    )
    assert sentences(config, tmp_path, "test") == EXPECTED


def test_json_with_numbers_and_their_labels(library: Any, tmp_path: Path) -> None:
    config = described(in_json(tmp_path / "hub", ROWS), labels=NAMES)
    assert sentences(config, tmp_path, "devel") == EXPECTED


def test_bigbio(library: Any, tmp_path: Path) -> None:
    config = described(in_json(tmp_path / "hub", [OF_BIGBIO]))
    config = replace(config, format="jsonl", flatten=Flatten.longest)
    found = sentences(config, tmp_path)
    assert [sentence.tags for sentence in found] == [
        ("O", "B-Disease", "O"),
        ("B-Part", "I-Part", "I-Part", "O"),
    ]
    assert {sentence.document for sentence in found} == {"7"}
    assert found[1].offsets[0] == (9, 13)


def test_our_json_lines(library: Any, tmp_path: Path) -> None:
    config = replace(described(in_json(tmp_path / "hub", LINES)), format="jsonl")
    assert [sentence.words for sentence in sentences(config, tmp_path)] == [
        ("A", "fever", "."),
        ("No", "."),
    ]


@pytest.mark.parametrize(
    ("hub", "message"),
    [
        ({"words": "token"}, "dataset.mine.hub.words: no column 'token'; did you mean tokens? Leg"),
        ({"tags": "tags"}, "dataset.mine.hub.tags: no column 'tags'"),
        ({}, "dataset.mine.hub.labels: column 'ner_tags' is List(Value('int64')), whose numbers h"),
        ({"labels": ["O"]}, "hub [train]: row 1 has the tag 1; expected 0 to 0"),
        ({"splits": {"train": "fit"}, "labels": NAMES}, "dataset.mine.hub.name: "),
        ({"config": "nothing", "labels": NAMES}, "dataset.mine.hub.name: "),
    ],
)
def test_what_can_not_be_read(
    library: Any, tmp_path: Path, hub: dict[str, Any], message: str
) -> None:
    config = described(in_json(tmp_path / "hub", ROWS), **hub)
    with pytest.raises(UserError) as raised:
        load_corpus("mine", config, tmp_path)
    assert message in str(raised.value)
    assert not list((tmp_path / "mine").glob("*.tsv"))


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"tokens": ["a"], "ner_tags": [0, 0]}, "row 1 has 1 tokens, but 2 ner_tags"),
        ({"tokens": ["a\tb"], "ner_tags": [0]}, r"row 1 has the word 'a\tb'; expected words with"),
        ({"tokens": ["a"], "ner_tags": [-1]}, "row 1 has the tag -1; expected 0 to 2"),
    ],
)
def test_bad_rows(library: Any, tmp_path: Path, row: dict[str, Any], message: str) -> None:
    config = described(in_json(tmp_path / "hub", [row]), labels=NAMES)
    with pytest.raises(UserError) as raised:
        load_corpus("mine", config, tmp_path)
    assert message in str(raised.value)


LISTS = (
    st.none()
    | st.text(max_size=3)
    | st.integers()
    | st.lists(
        st.none() | st.integers(-1, 4) | st.text(max_size=3) | st.lists(st.integers(), max_size=2),
        max_size=3,
    )
)
PARTS = st.none() | st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "id": st.none() | st.text(max_size=2),
            "type": st.none() | st.text(max_size=2),
            "text": st.none() | st.text(max_size=3) | st.lists(st.none() | st.text(max_size=3)),
            "offsets": st.none() | st.lists(st.none() | st.lists(st.integers(-1, 9), max_size=3)),
        },
    ),
    max_size=2,
)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_rows_of_any_shape_are_read_or_refused(library: Any, data: st.DataObject) -> None:
    columns, format_ = data.draw(
        st.sampled_from(
            [
                ({"tokens": LISTS, "ner_tags": LISTS}, "conll"),
                ({"text": LISTS, "annotations": LISTS | PARTS}, "jsonl"),
                ({"id": LISTS, "passages": PARTS, "entities": PARTS}, "jsonl"),
            ]
        )
    )
    rows = data.draw(st.lists(st.fixed_dictionaries(columns), min_size=1, max_size=2))
    try:
        made = library.Dataset.from_list(rows)
    except (TypeError, ValueError, OverflowError, UnicodeError):
        reject()  # a table can't hold them
    hub = HubConfig(name="any", labels=data.draw(st.sampled_from([[], NAMES])))
    with suppress(UserError):
        "".join(WRITERS[format_](made, hub, "dataset.any.hub", "any [train]")).encode()


def test_no_such_dataset(library: Any, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        load_corpus("mine", described(tmp_path / "nothing"), tmp_path)
    assert str(raised.value).startswith(f"dataset.mine.hub.name: '{tmp_path}/nothing' can't be lo")


def test_the_library_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(ConfigError, match=r"hub.name: needs the library .*pip install 'bioner\[h"):
        load_corpus("mine", described(Path("owner/name")), tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"url": "https://x/{file}"}, "dataset.mine.url: is 'https://x/{file}', but dataset.mine."),
        ({"format": "brat"}, "dataset.mine.format: is 'brat', but dataset.mine.hub.name is given"),
        ({"hub": HubConfig(name="a/b", splits={"dev": "x"})}, "dataset.mine.hub.splits.dev: no su"),
    ],
)
def test_bad_yaml(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        check_config("mine", replace(described(Path("a/b")), **change))
    assert str(raised.value).startswith(message)
