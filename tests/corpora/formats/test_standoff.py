"""brat and BioNLP-ST standoff: what is read, and what every bad folder is told."""

import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from bioner.corpora.document import Annotation, Document, Passage
from bioner.corpora.formats import bionlp_st, brat
from bioner.corpora.formats.all_formats import FORMATS
from bioner.errors import DataError
from tests.corpora.formats.reading import all_of, damaged, refusal, survives

TEXT = "Left and right eye.\nβ blocker\r\nend"
MARKS = (
    "T1\tOrgan 0 4;15 18\tLeft eye\nN1\tReference T1 X:1\nT2\tDrug 20 29\tβ blocker\n"
    "T3\tOdd 15 21\teye. β\n#1\tAnnotatorNotes T1\tnote\n\n*\tEquiv T1 T2\nE1\tX:T2\n"
)


def folder_of(folder: Path, **files: str) -> Path:
    """A folder with these files; a double underscore stands for the dot."""
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_bytes(text.encode())
    return folder


@pytest.mark.parametrize(("name", "suffix"), [("brat", "ann"), ("bionlp_st", "a1")])
def test_documents(tmp_path: Path, name: str, suffix: str) -> None:
    (tmp_path / "deep").mkdir()
    folder_of(tmp_path, **{"b__txt": TEXT, f"b__{suffix}": MARKS, "README": "not read"})
    folder_of(tmp_path / "deep", **{"a__txt": "Empty.", f"a__{suffix}": ""})
    documents, faults = all_of(FORMATS[name].read, tmp_path)
    assert faults == []
    marks = (
        Annotation(((0, 4), (15, 18)), "Organ", "Left eye", "T1"),
        Annotation(((20, 29),), "Drug", "β blocker", "T2"),
        Annotation(((15, 21),), "Odd", "eye. β", "T3"),  # brat writes a blank for the newline
    )
    assert documents == [
        Document("b", (Passage(TEXT, 0),), marks),
        Document("deep/a", (Passage("Empty.", 0),), ()),
    ]
    assert [mark.line for mark in documents[0].annotations] == [1, 3, 4]
    assert FORMATS[name].marks_of(tmp_path, "deep/a") == tmp_path / "deep" / f"a.{suffix}"


def test_one_file_of_a_folder(tmp_path: Path) -> None:
    folder_of(tmp_path, a__txt="A.", a__ann="", b__txt="B.", b__ann="")
    documents, _ = all_of(brat.read_documents, tmp_path / "b.txt")
    assert [document.id for document in documents] == ["b"]


def test_events_are_no_entities(tmp_path: Path) -> None:
    files = {"a__txt": "It binds.", "a__a1": "T1\tX 0 2\tIt\n", "a__a2": "T2\tBinding 3 8\tbinds\n"}
    documents, _ = all_of(bionlp_st.read_documents, folder_of(tmp_path, **files))
    assert [mark.type for mark in documents[0].annotations] == ["X"]


@pytest.mark.parametrize(
    ("marks", "message"),
    [
        ("T1\tX 0 4\tRight\n", ":1: annotation T1 of document 'a' is 'Right', but the text at its"),
        ("T1\tX 0 99\tLeft\n", ":1: annotation T1 of document 'a' is from 0 to 99, which is not i"),
        ("N1\tx\nT1 X 0 4 Left\n", ":2: 'T1 X 0 4 Left'; expected ID<tab>TYPE START END<tab>TEXT"),
        ("T1\tX 0 4\n", ":1: 'T1\\tX 0 4'; expected ID<tab>TYPE START END<tab>TEXT"),
        ("T1\tX -1 4\tLeft\n", ":1: 'T1\\tX -1 4\\tLeft'; expected ID<tab>TYPE START END<tab>TEXT"),
        ("T1\tX 4 0\tLeft\n", ":1: annotation T1 of document 'a' is from 4 to 0; expected start <"),
    ],
)
def test_bad_marks(tmp_path: Path, marks: str, message: str) -> None:
    folder_of(tmp_path, a__txt=TEXT, a__ann=marks)
    assert refusal(brat.read_documents, tmp_path).startswith(f"{tmp_path / 'a.ann'}{message}")


def test_bad_folders(tmp_path: Path) -> None:
    legal = "expected a folder of .txt and .ann files"
    assert refusal(brat.read_documents, tmp_path / "none").endswith(f"no such folder; {legal}")
    assert refusal(brat.read_documents, tmp_path).endswith(f"has no .txt and no .ann file; {legal}")
    folder_of(tmp_path, a__ann="", b__txt="B.", c__txt="C.", c__ann="", d__txt="", e__ann="")
    (tmp_path / "d.ann").mkdir()
    documents, faults = all_of(brat.read_documents, tmp_path)
    assert [document.id for document in documents] == ["c"]
    assert [str(fault) for fault in faults] == [
        f"{tmp_path / 'a.ann'}: has no .txt beside it; expected a.txt",
        f"{tmp_path / 'b.txt'}: has no .ann beside it; expected b.ann, empty where nothing is "
        "marked",
        f"{tmp_path / 'd.txt'}: has no .ann beside it; expected d.ann, empty where nothing is "
        "marked",
        f"{tmp_path / 'e.ann'}: has no .txt beside it; expected e.txt",
    ]
    assert refusal(brat.read_documents, tmp_path / "a.ann").endswith(f"is a file; {legal}")
    with pytest.raises(DataError, match="can't come by a stream"):
        list(brat.read_documents(io.BytesIO(b"")))


def test_text_that_is_not_utf8(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"one\nna\xefve")
    folder_of(tmp_path, a__ann="")
    said = refusal(brat.read_documents, tmp_path)
    assert said == (
        f"{tmp_path / 'a.txt'}:2: byte 3 of the line, 0xef, is not UTF-8; expected UTF-8; to "
        "convert from Latin-1: iconv -f LATIN1 -t UTF-8"
    )


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"one\n\0two", ":2: a NUL byte, as in a binary file; expected UTF-8 text"),
        ("one".encode("utf-16"), ":1: is UTF-16; expected UTF-8; to convert"),
    ],
)
def test_text_that_is_no_text(tmp_path: Path, data: bytes, message: str) -> None:
    (tmp_path / "a.txt").write_bytes(data)
    folder_of(tmp_path, a__ann="")
    said = refusal(brat.read_documents, tmp_path)
    assert said.startswith(f"{tmp_path / 'a.txt'}{message}")


def test_the_digest_is_that_of_what_is_read(tmp_path: Path) -> None:
    folder_of(tmp_path, a__txt="A.", a__ann="")
    before = FORMATS["brat"].digest(tmp_path)
    folder_of(tmp_path, LICENSE="x", a__a1="")
    assert FORMATS["brat"].digest(tmp_path) == before
    folder_of(tmp_path, b__txt="A.", b__ann="")
    other = FORMATS["brat"].digest(tmp_path)
    assert other != before
    (tmp_path / "b.txt").rename(tmp_path / "c.txt")
    assert FORMATS["brat"].digest(tmp_path) not in (before, other)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    damaged(TEXT.encode(), (b"\n", b"\xff", b"x")),
    damaged(MARKS.encode(), (b"\t", b"\n", b" ", b";", b"T9\t", b"9" * 20)),
)
def test_any_bytes_are_read_or_refused(tmp_path: Path, text: bytes, marks: bytes) -> None:
    (tmp_path / "a.txt").write_bytes(text)
    (tmp_path / "a.ann").write_bytes(marks)
    survives(brat.read_documents, tmp_path)


def test_an_ending_that_is_not_in_lower_case_is_said(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, a__txt="", a__ann="", B__TXT="", B__ANN="")
    documents, faults = all_of(brat.read_documents, folder)
    assert [one.id for one in documents] == ["a"]
    legal = "expected a folder of .txt and .ann files"
    assert [str(one) for one in faults] == [
        f"{folder}/B.{ending}: ends in .{ending}; {legal}" for ending in ("ANN", "TXT")
    ]
