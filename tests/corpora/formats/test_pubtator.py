"""PubTator: what is read, and what every bad file is told."""

import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from bioner.corpora.document import Annotation, Document, Passage
from bioner.corpora.documents.soundness import MismatchError
from bioner.corpora.formats.pubtator import read_documents
from bioner.errors import raise_it
from tests.corpora.formats.reading import all_of, damaged, refusal, survives

TWO = (
    "12|t|Gene A in fever.\n12|a|No β-blocker | helps.\n"
    "12\t0\t6\tGene A\tGene\t1\n12\t20\t29\tβ-blocker\tChemical\tD1|D2\tβ|blocker\n"
    "12\tCID\tD1\tD2\n12\tBind\tD1\tD2\tNovel\n"
    "\n13|t|Alone.\n"
)


def written(folder: Path, text: str) -> Path:
    file = folder / "corpus.txt"
    file.write_bytes(text.encode())
    return file


def test_documents(tmp_path: Path) -> None:
    documents, faults = all_of(read_documents, written(tmp_path, TWO))
    assert faults == []
    title, abstract = Passage("Gene A in fever.", 0, "title"), "No β-blocker | helps."
    assert documents == [
        Document(
            "12",
            (title, Passage(abstract, 17, "abstract")),
            (
                Annotation(((0, 6),), "Gene", "Gene A"),
                Annotation(((20, 29),), "Chemical", "β-blocker"),
            ),
            1,
        ),
        Document("13", (Passage("Alone.", 0, "title"),), (), 8),
    ]
    assert [mark.line for mark in documents[0].annotations] == [3, 4]


@pytest.mark.parametrize(
    "text",
    [TWO.replace("\n", "\r\n"), "\ufeff" + TWO, TWO.rstrip("\n"), TWO.replace("\n\n", "\n")],
    ids=["CRLF", "BOM", "no last newline", "no empty line between"],
)
def test_the_same_documents_written_otherwise(tmp_path: Path, text: str) -> None:
    plain, _ = all_of(read_documents, written(tmp_path, TWO))
    found, faults = all_of(read_documents, written(tmp_path, text))
    assert faults == []
    assert [(d.id, d.passages, d.annotations) for d in found] == [
        (d.id, d.passages, d.annotations) for d in plain
    ]


def test_a_stream_is_read_as_it_comes() -> None:
    class Endless(io.RawIOBase):
        """A stream that never ends: whoever wants it whole hangs."""

        number = 0

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
            self.number += 1
            line = f"{self.number}|t|A title.\n\n".encode()
            buffer[: len(line)] = line
            return len(line)

    documents = read_documents(io.BufferedReader(Endless()), raise_it)
    assert [next(documents).id for _ in range(3)] == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("12\t0\t6\tGene A\tGene\n", ":1: a document begins with '12\\t0\\t6\\tGene A\\tGene'; ex"),
        ("just text\n", ":1: a document begins with 'just text'; expected ID|t|TITLE, then ID|a|"),
        ("1|t|A.\n2|a|B.\n", ":2: id '2' in document '1'; expected its id, or an empty line bet"),
        ("1|t|A.\n1|a|B.\n1|a|C.\n", ":3: another abstract line; expected an empty line between"),
        ("1|t|Ab.\n2\t0\t2\tAb\tX\n", ":2: id '2' in document '1'; expected its id"),
        ("1|t|Ab.\n1\t0\ttwo\tAb\tX\n", ":2: '1\\t0\\ttwo\\tAb\\tX' is no annotation; expected ID"),
        ("1|t|Ab.\n1\t0\t2\n", ":2: '1\\t0\\t2' is no annotation; expected ID<tab>START<tab>END"),
        (
            "1|t|Ab.\n1\t0\t9\tAb\tX\n",
            ":2: annotation of document '1' is from 0 to 9, which is not "
            "inside one passage; the passages are 0-3",
        ),
        (
            "1|t|Ab.\n1\t2\t2\t\tX\n",
            ":2: annotation of document '1' covers no character; expec",
        ),
        (
            "1|t|Ab cd.\n1\t0\t2\tcd\tX\n",
            ":2: annotation of document '1' is 'cd', but the text at "
            "its offsets is 'Ab', and its own stands at 3-5; expected the same text",
        ),
        (
            "1|t|ä Ab.\n1\t3\t5\tAb\tX\n",
            ":2: the offsets of document '1' count UTF-8 bytes; to read them so set "
            "offsets=[utf8_bytes]",
        ),
        (
            "1|t|\U0001d6fc A.\n1\t3\t4\tA\tX\n",
            ":2: the offsets of document '1' count UTF-16 units; to read them so set "
            "offsets=[utf16]",
        ),
        ("1|t|A\x00b\n", ":1: a NUL byte, as in a binary file; expected UTF-8 text"),
        ("1|t|A\rb\n", ":1: a \\r without \\n; expected UTF-8 text"),
    ],
)
def test_bad_file(tmp_path: Path, text: str, message: str) -> None:
    file = written(tmp_path, text)
    assert refusal(read_documents, file).startswith(f"{file}{message}")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("é".encode("latin-1"), ":1: byte 1 of the line, 0xe9, is not UTF-8; expected UTF-8"),
        ("1|t|A\n".encode("utf-16"), ":1: is UTF-16; expected UTF-8; to convert"),
    ],
)
def test_not_utf8(tmp_path: Path, data: bytes, message: str) -> None:
    file = tmp_path / "corpus.txt"
    file.write_bytes(data)
    assert refusal(read_documents, file).startswith(f"{file}{message}")


def test_no_file_and_a_folder_for_a_file(tmp_path: Path) -> None:
    assert refusal(read_documents, tmp_path / "none").endswith("none: no such file")
    assert refusal(read_documents, tmp_path).endswith(": is a folder; expected a file")


def test_every_fault_is_reported_and_the_rest_is_read(tmp_path: Path) -> None:
    text = "1|t|Ab.\n1\tx\n1\ty\n\n2|t|Cd.\n2\t0\t2\tXX\tT\n\n3|t|Ef.\n"
    documents, faults = all_of(read_documents, written(tmp_path, text))
    # The words of document 2 are there whatever its annotation says.
    assert [document.id for document in documents] == ["2", "3"]
    assert [fault.line for fault in faults] == [2, 3, 6]
    assert [isinstance(fault, MismatchError) for fault in faults] == [False, False, True]


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(damaged(TWO.encode(), (b"\t", b"\n", b"\n\n", b"|t|", b"99999999999999999999", b"-1")))
def test_any_bytes_are_read_or_refused(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "corpus.txt"
    file.write_bytes(data)
    survives(read_documents, file)
