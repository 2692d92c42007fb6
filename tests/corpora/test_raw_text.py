"""Raw text: files of three kinds give the same sentences, whatever is annotated."""

from pathlib import Path

import pytest

from bioner.corpora.raw_text import text_digest, text_files, text_sentences
from bioner.errors import ConfigError

SENTENCES = ["Aspirin cures fever.", "Nothing else does."]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.txt").write_text("\n".join(SENTENCES) + "\n\n")
    (tmp_path / "inside").mkdir()
    line = '{"text": "Aspirin cures fever. Nothing else does.", "annotations": '
    (tmp_path / "inside" / "b.jsonl").write_text(
        line + '[{"start": 0, "end": 7, "type": "Drug"}]}\n'
    )
    (tmp_path / "c.pubtator").write_text(
        "1|t|Aspirin cures fever.\n1|a|Nothing else does.\n1\t0\t7\tAspirin\tDrug\n\n"
    )
    (tmp_path / "notes.md").write_text("no text")
    return tmp_path


def test_files_of_each_kind_give_the_same_sentences(folder: Path) -> None:
    files = text_files("selftrain.text", str(folder))
    assert [file.name for file in files] == ["a.txt", "c.pubtator", "b.jsonl"]
    words = [("Aspirin", "cures", "fever", "."), ("Nothing", "else", "does", ".")]
    for file in files:
        found = list(text_sentences([file]))
        assert [one.words for one in found] == words
        assert {tag for one in found for tag in one.tags} == {"O"}


def test_the_digest_is_of_the_contents(folder: Path) -> None:
    before = text_digest(text_files("k", str(folder)))
    (folder / "a.txt").rename(folder / "aa.txt")
    assert text_digest(text_files("k", str(folder))) == before
    (folder / "aa.txt").write_text("other")
    assert text_digest(text_files("k", str(folder))) != before


def test_what_is_no_text_is_named(folder: Path) -> None:
    with pytest.raises(ConfigError, match=r"k: .*notes.md .*files that end in .pubtator"):
        text_files("k", str(folder / "notes.md"))
    with pytest.raises(ConfigError, match=r"k: .*gone is not there"):
        text_files("k", str(folder / "gone"))
