"""Offsets that count something else than characters: read by a key, recognised without it."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioner.config.dataset import DatasetConfig, Offsets
from bioner.corpora.catalogue import load_corpus
from bioner.corpora.document import Annotation, Document, Passage
from bioner.corpora.documents.offsets import Conversion, counted_otherwise
from bioner.corpora.documents.soundness import CountedOtherwiseError, Rules, Soundness
from bioner.corpora.formats import jsonl
from bioner.errors import ConfigError, DataError
from tests.corpora.formats.reading import sound

TITLE, ABSTRACT = (
    "Fièvre and β-cells.",
    "The δ, β and \U0001f9ec chains\r\nrose; gout came.\r\nEnd.",
)
WORDS = ("cells", "gout", "End")

Length = Callable[[str], int]
LENGTHS: dict[tuple[Offsets, ...], Length] = {
    (): len,
    (Offsets.utf8_bytes,): lambda text: len(text.encode()),
    (Offsets.utf16,): lambda text: len(text.encode("utf-16-le")) // 2,
    (Offsets.lf,): lambda text: len(text.replace("\r\n", "\n")),
    (Offsets.utf8_bytes, Offsets.lf): lambda text: len(text.replace("\r\n", "\n").encode()),
    (Offsets.utf16, Offsets.lf): lambda text: (
        len(text.replace("\r\n", "\n").encode("utf-16-le")) // 2
    ),
}
WAYS = pytest.mark.parametrize("way", LENGTHS, ids=lambda way: "+".join(way) or "characters")


def counted(way: tuple[Offsets, ...]) -> Document:
    """A document whose offsets, those of its passages too, count so."""
    length = LENGTHS[way]
    behind = length(TITLE) + 1
    marks = []
    for word in WORDS:
        base, text = (0, TITLE) if word in TITLE else (behind, ABSTRACT)
        start = base + length(text[: text.index(word)])
        marks.append(Annotation(((start, start + length(word)),), "X", word))
    passages = (Passage(TITLE, 0, "title"), Passage(ABSTRACT, behind, "abstract"))
    return Document("1", passages, tuple(marks))


@WAYS
def test_offsets_are_read_as_they_count(way: tuple[Offsets, ...]) -> None:
    conversion = Conversion(counted(way), way, placed=True)
    right = counted(())
    assert tuple(conversion.passages) == right.passages
    moved = [conversion.moved(mark.spans[0]) for mark in counted(way).annotations]
    assert moved == [mark.spans[0] for mark in right.annotations]


@WAYS
def test_passages_that_the_reader_placed(way: tuple[Offsets, ...]) -> None:
    document = replace(counted(way), passages=counted(()).passages)
    conversion = Conversion(document, way, placed=False)
    moved = [conversion.moved(mark.spans[0]) for mark in document.annotations]
    assert moved == [mark.spans[0] for mark in counted(()).annotations]


@WAYS
def test_another_way_is_recognised_over_all_passages(way: tuple[Offsets, ...]) -> None:
    assert counted_otherwise(counted(way), (), placed=True) == (way or None)
    assert counted_otherwise(counted(way), way, placed=True) is None
    assert counted_otherwise(counted(()), (Offsets.utf8_bytes,), placed=True) == ()


@WAYS
@pytest.mark.parametrize("told", [True, False], ids=["text", "no text"])
def test_json_lines_may_leave_the_text_to_the_offsets(
    way: tuple[Offsets, ...], told: bool, tmp_path: Path
) -> None:
    """Without a text nothing says how offsets count but the key, which then decides alone."""
    document = counted(way)
    marks = [
        {"type": "X", "spans": [*mark.spans], **({"text": mark.text} if told else {})}
        for mark in document.annotations
    ]
    passages = [{"text": one.text, "offset": one.offset} for one in document.passages]
    (tmp_path / "all").write_text(json.dumps({"passages": passages, "annotations": marks}) + "\n")
    faults: list[DataError] = []
    (read,) = sound(jsonl.read_documents, tmp_path / "all", faults.append, Rules(way))
    assert faults == []
    assert spans(read) == spans(counted(()))
    assert [mark.text for mark in read.annotations] == [*WORDS]


SENTENCES = ("Fièvre\r\nand β.", "The \U0001f9ec chain rose;", "gout came.\r\nEnd.")


def in_sentences(way: tuple[Offsets, ...]) -> Document:
    """A document of a passage that has only sentences, two blanks apart, counted so."""
    length = LENGTHS[way]
    text = "  ".join(SENTENCES)
    parts, end = [], 5
    for sentence in SENTENCES:
        parts.append((end, sentence))
        end += length(sentence) + 2
    marks = []
    for word in ("chain", "gout", "End"):
        start = 5 + length(text[: text.index(word)])
        marks.append(Annotation(((start, start + length(word)),), "X", word))
    return Document("1", (Passage("", 5, "abstract", tuple(parts)),), tuple(marks))


@WAYS
def test_sentences_without_a_text_of_their_passage(way: tuple[Offsets, ...]) -> None:
    faults: list[DataError] = []
    found = Soundness(Rules(way), faults.append).sound(in_sentences(way))
    assert found is not None and not faults
    assert found.passages == (Passage("  ".join(SENTENCES), 5, "abstract"),)
    assert [found.passages[0].text[a - 5 : b - 5] for ((a, b),) in spans(found)] == [
        "chain",
        "gout",
        "End",
    ]
    if way:
        assert Soundness(Rules(()), faults.append).sound(in_sentences(way)) is None
        (fault,) = faults
        assert isinstance(fault, CountedOtherwiseError) and fault.way == way
        assert f"set offsets=[{','.join(way)}]" in str(fault)


def spans(document: Document) -> list[tuple[tuple[int, int], ...]]:
    return [mark.spans for mark in document.annotations]


@given(st.text(max_size=30), st.sampled_from(list(LENGTHS)), st.data())
def test_every_span_comes_back(text: str, way: tuple[Offsets, ...], data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    # No offset that counts a line end as one character stands inside of it.
    if any(text[place - 1 : place + 1] == "\r\n" for place in (start, end)):
        return
    length = LENGTHS[way]
    conversion = Conversion(Document("1", (Passage(text, 0),), ()), way, placed=True)
    found = conversion.moved((length(text[:start]), length(text[:end])))
    assert text[found[0] : found[1]] == text[start:end]


def dataset(folder: Path, document: Document, **changes: object) -> DatasetConfig:
    """A dataset of BioC JSON whose splits are all this document."""
    passages = [{"offset": p.offset, "text": p.text} for p in document.passages]
    marks = [
        {
            "infons": {"type": mark.type},
            "text": mark.text,
            "locations": [{"offset": start, "length": end - start} for start, end in mark.spans],
        }
        for mark in document.annotations
    ]
    value = {"documents": [{"id": "9", "passages": passages, "annotations": marks}]}
    (folder / "all.json").write_text(json.dumps(value))
    files = dict.fromkeys(("train", "devel", "test"), "all.json")
    config = DatasetConfig(path=str(folder), format="bioc_json", files=files)
    return replace(config, **changes)  # type: ignore[arg-type]


@WAYS
def test_a_corpus_is_read_by_the_key_and_never_repaired(
    way: tuple[Offsets, ...], tmp_path: Path
) -> None:
    corpus = load_corpus("mine", dataset(tmp_path, counted(way), offsets=list(way)), tmp_path)
    tagged = [
        word
        for sentence in corpus.splits["train"].sentences
        for word, tag in zip(sentence.words, sentence.tags, strict=True)
        if tag != "O"
    ]
    assert tagged == list(WORDS)
    if not way:
        return
    for repair in (False, True):
        with pytest.raises(DataError) as raised:
            load_corpus("mine", dataset(tmp_path, counted(way), repair=repair), tmp_path)
        assert f"set dataset.mine.offsets=[{','.join(way)}]" in str(raised.value)
        assert "repair" not in str(raised.value)


def test_the_key_is_checked(tmp_path: Path) -> None:
    both = dataset(tmp_path, counted(()), offsets=[Offsets.utf8_bytes, Offsets.utf16])
    with pytest.raises(ConfigError, match=r"dataset\.mine\.offsets: .*one of utf8_bytes and utf16"):
        load_corpus("mine", both, tmp_path)
    columns = DatasetConfig(path=str(tmp_path), offsets=[Offsets.lf])
    with pytest.raises(ConfigError, match=r"dataset\.mine\.offsets: .*conll"):
        load_corpus("mine", columns, tmp_path)


def test_an_offset_inside_of_a_character(tmp_path: Path) -> None:
    document = Document("9", (Passage("β x", 0),), (Annotation(((1, 2),), "X", "β"),))
    config = dataset(tmp_path, document, offsets=[Offsets.utf8_bytes])
    with pytest.raises(DataError, match="1 is inside of the character 'β'"):
        load_corpus("mine", config, tmp_path)
