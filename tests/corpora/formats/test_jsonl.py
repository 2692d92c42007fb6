"""JSON Lines: what is read, and what every bad line is told."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from bioner.corpora.document import Annotation, Document, Passage
from bioner.corpora.formats.jsonl import read_documents
from tests.corpora.formats.reading import all_of, damaged, refusal, survives

FULL = {
    "id": "a",
    "passages": [
        {"text": "β cells", "offset": 0, "kind": "title"},
        {"text": "left and right eye", "offset": 9},
    ],
    "annotations": [
        {"start": 0, "end": 7, "type": "Cell", "id": "T1", "score": 1, "source": "mine"},
        {"spans": [[9, 13], [24, 27]], "type": "Organ", "text": "left eye", "score": 0.5},
    ],
}
PLAIN = {"text": "No id."}


def written(folder: Path, *values: Any) -> Path:
    file = folder / "corpus.jsonl"
    file.write_text("\n".join(json.dumps(value) for value in values) + "\n")
    return file


def test_documents(tmp_path: Path) -> None:
    documents, faults = all_of(read_documents, written(tmp_path, FULL, PLAIN))
    assert faults == []
    assert documents == [
        Document(
            "a",
            (Passage("β cells", 0, "title"), Passage("left and right eye", 9)),
            (
                Annotation(((0, 7),), "Cell", "β cells", "T1", 1.0, "mine"),
                Annotation(((9, 13), (24, 27)), "Organ", "left eye", "", 0.5),
            ),
            1,
        ),
        Document("2", (Passage("No id.", 0),), (), 2),
    ]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([], ":1: the document is []; expected an object"),
        ({}, ":1: the document has no 'text'; expected a string"),
        ({"text": 3}, ":1: 'text' of the document is 3; expected a string"),
        ({"text": "a", "id": 1}, ":1: 'id' of the document is 1; expected a string"),
        ({"text": "a", "entities": []}, ":1: the document has a key 'entities'; Legal: annotati"),
        ({"text": "a", "passages": []}, ":1: the document has both 'text' and 'passages'; expec"),
        ({"text": "a", "annotations": {}}, ":1: 'annotations' of the document is {}; expected a"),
        ({"text": "a", "annotations": [1]}, ":1: annotations[0] of the document is 1; expected "),
        ({"text": "a", "annotations": [{"start": 0, "end": 1}]}, ":1: annotations[0] of the docu"),
        (
            {"text": "a", "annotations": [{"start": 0, "end": 1, "label": "X"}]},
            ":1: annotations[0] of the document has a key 'label'; Legal: end, id, score, "
            "source, spans, start, tex",
        ),
        (
            {"text": "a", "annotations": [{"start": 0, "end": 5, "type": "X"}]},
            ":1: annotation of "
            "document '1' is from 0 to 5, which is not inside one passage; the passages are 0-1",
        ),
        (
            {"text": "a", "annotations": [{"start": 0.0, "end": 1, "type": "X"}]},
            ":1: 'start' of annotations[0] of the document is 0.0; expected a whole number",
        ),
        ({"text": "a", "annotations": [{"spans": [[0]], "type": "X"}]}, ":1: 'spans' of annotati"),
        (
            {"text": "abc", "annotations": [{"spans": [[1, 3], [0, 2]], "type": "X"}]},
            ":1: annotation of document '1' has a fragment from 1, and one before it ends at 2; "
            "expected fragments without overlap",
        ),
        (
            {"text": "a", "annotations": [{"spans": [[0, 1]], "start": 0, "type": "X"}]},
            ":1: annot"
            "ations[0] of the document has both 'spans' and 'start' or 'end'; expected one",
        ),
        ({"text": "\ud800"}, ":1: 'text' of the document has half of a surrogate pair; expected"),
        ({"text": "a", "id": "\udfff"}, ":1: 'id' of the document has half of a surrogate pair"),
        (
            {"text": "a", "annotations": [{"start": 0, "end": 1, "type": "X\ud83d"}]},
            ":1: 'type' of annotations[0] of the document has half of a surrogate pair",
        ),
        ({"text": "a", "\ud800": 1}, ":1: the document has a key '\\ud800'; Legal: annotations"),
    ],
)
def test_bad_line(tmp_path: Path, value: Any, message: str) -> None:
    file = written(tmp_path, value)
    assert refusal(read_documents, file).startswith(f"{file}{message}")


@pytest.mark.parametrize("line", ["{", "text", "[" * 100_000, "9" * 5000, '{"text": "a"} x'])
def test_no_json(tmp_path: Path, line: str) -> None:
    file = tmp_path / "corpus.jsonl"
    file.write_text(f'{{"text": "a"}}\n\n{line}\n{{"text": "b"}}\n')
    documents, faults = all_of(read_documents, file)
    assert [(document.id, document.line) for document in documents] == [("1", 1), ("4", 4)]
    assert [fault.line for fault in faults] == [3]


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "1e400", "1" + "0" * 30])
@pytest.mark.parametrize("key", ["score", "start"])
def test_a_number_out_of_range(number: str, key: str, tmp_path: Path) -> None:
    mark = {"start": "0", "end": "1", "type": '"X"', key: number}
    members = ", ".join(f'"{name}": {value}' for name, value in mark.items())
    file = tmp_path / "corpus.jsonl"
    file.write_text(f'{{"text": "a", "annotations": [{{{members}}}]}}\n')
    said = refusal(read_documents, file)
    assert said.startswith(f"{file}:1: '{key}' of annotations[0] of the document is ")


def test_a_doubled_key_is_no_silent_choice(tmp_path: Path) -> None:
    file = tmp_path / "corpus.jsonl"
    file.write_text('{"text": "a", "text": "b"}\n')
    assert "corpus.jsonl:1: no JSON: a second 'text' in one object" in refusal(read_documents, file)


def test_a_line_of_10_mb(tmp_path: Path) -> None:
    file = written(tmp_path, {"text": "a word. " * 1_250_000})
    begin = time.process_time()
    (document,) = read_documents(file)
    assert len(document.passages[0].text) == 10_000_000
    assert time.process_time() - begin < 5  # it takes 0.1 s; what is quadratic takes hours


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(damaged(json.dumps(FULL).encode(), (b'"', b"\n", b"{", b"]", b"null", b"-1", b"1e999")))
def test_any_bytes_are_read_or_refused(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "corpus.jsonl"
    file.write_bytes(data)
    survives(read_documents, file)
