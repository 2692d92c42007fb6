"""The key under which the sentences of a file are cached."""

from dataclasses import replace
from typing import Any

import pytest

from bioner.config.dataset import DatasetConfig
from bioner.corpora.sentence_key import sentence_key

CONFIG = DatasetConfig(path="here")


@pytest.mark.parametrize(
    "change",
    [
        {"format": "brat"},
        {"scheme": "IOBES"},
        {"word_column": 1},
        {"tag_column": 1},
        {"comment": "#"},
        {"document": "###"},
        {"flatten": "longest"},
        {"typed": False},
        {"repair": True},
        {"types": ["X"]},
    ],
)
def test_what_the_reader_looks_at_is_in_the_key(change: dict[str, Any]) -> None:
    assert sentence_key("00", replace(CONFIG, **change)) != sentence_key("00", CONFIG)


def test_nothing_else_is() -> None:
    renamed = replace(CONFIG, title="T", path="there", sentences={"train": 3}, verified=False)
    assert sentence_key("00", renamed) == sentence_key("00", CONFIG)


def test_the_file_and_its_part_are_in_the_key() -> None:
    shared = replace(CONFIG, files={"train": "a", "test": "b"}, devel_share=0.1)
    other = replace(shared, devel_share=0.2)
    keys = [sentence_key("00", shared, part) for part in (None, "train", "devel")]
    keys += [sentence_key("01", shared), sentence_key("00", other, "train")]
    assert all(one != other for i, one in enumerate(keys) for other in keys[:i])
