"""JSON Lines: one document a line, its mentions by the offsets of their characters."""

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from bioner.corpora.document import Annotation, Document, Passage
from bioner.corpora.formats.format import FileWriter, Format
from bioner.corpora.formats.jsonl_writer import render
from bioner.corpora.formats.shared.json_keys import DoubledError, each_once
from bioner.corpora.formats.shared.json_shape import Members, written
from bioner.corpora.formats.shared.source import Source, numbered_lines, place_of
from bioner.errors import DataError, Report, nearest, raise_it

_LINE = re.compile(r'\s*\{.*"(?:text|passages)"\s*:')
_TOO_MUCH = "no JSON: a number too long, or lists too deep"
_DOCUMENT = ("id", "text", "passages", "annotations")
_PASSAGE = ("text", "offset", "kind")
_ANNOTATION = ("start", "end", "spans", "type", "text", "id", "score", "source")


def read_documents(source: Source, report: Report = raise_it) -> Iterator[Document]:
    """Yield the documents of a JSON Lines file. Lines of blanks are passed over.

    A document has `text`, or `passages` of `text`, `offset` and `kind`; it may have an `id`, else
    its line is its id, and `annotations`. An annotation has `type`, and `start` and `end` or, where
    it is discontinuous, `spans`; it may have `text`, `id`, `score` and `source`. Other keys are
    faults: they may be what the annotations are called elsewhere.

    Args:
        source: the file or a binary stream.
        report: takes each fault. Where it returns, reading goes on without the document.

    Raises:
        DataError: if the source can't be read as text; by default also for the first fault.
    """
    place = place_of(source)
    for number, line in numbered_lines(source, report):
        if not line or line.isspace():
            continue
        try:
            yield _document(line, place, number)
        except DataError as error:
            report(error)


def _document(line: str, place: Path | str, number: int) -> Document:
    try:
        value = json.loads(line, object_pairs_hook=each_once)
    except json.JSONDecodeError as error:
        found = f"no JSON: {error.msg} at column {error.colno}"
        raise DataError(place, number, found, "expected one JSON object a line") from None
    except (ValueError, RecursionError) as error:
        found = str(error) if isinstance(error, DoubledError) else _TOO_MUCH
        raise DataError(place, number, found, "expected one JSON object a line") from None
    whole = Members(value, "the document", place, number)
    _check_keys(whole, _DOCUMENT)
    if "text" in value and "passages" in value:
        raise whole.error("the document has both 'text' and 'passages'", "expected one of them")
    if "passages" in value:
        passages = tuple(map(_passage, whole.objects("passages")))
    else:
        passages = (Passage(whole.get("text", str), 0),)
    identifier = whole.get("id", str, str(number))
    marks = whole.objects("annotations")
    annotations = tuple(_annotation(mark, passages) for mark in marks)
    return Document(identifier, passages, annotations, number, place=place)


def _check_keys(found: Members, legal: Sequence[str]) -> None:
    for key in found.value:
        if key not in legal:
            raise found.error(f"{found.name} has a key {key!r}", nearest(key, legal))


def _passage(part: Members) -> Passage:
    _check_keys(part, _PASSAGE)
    return Passage(part.get("text", str), part.get("offset", int), part.get("kind", str, ""))


def _annotation(mark: Members, passages: Sequence[Passage]) -> Annotation:
    _check_keys(mark, _ANNOTATION)
    if "spans" in mark.value:
        if "start" in mark.value or "end" in mark.value:
            raise mark.error(f"{mark.name} has both 'spans' and 'start' or 'end'", "expected one")
        spans = tuple(_pair(pair, mark) for pair in mark.get("spans", list))
    else:
        spans = ((mark.get("start", int), mark.get("end", int)),)
    told = "text" in mark.value
    text = mark.get("text", str) if told else _text_at(spans, passages)
    score = mark.get("score", float) if mark.value.get("score") is not None else None
    return Annotation(
        spans,
        mark.get("type", str),
        text,
        mark.get("id", str, ""),
        score,
        mark.get("source", str, ""),
        told=told,
    )


def _pair(value: object, mark: Members) -> tuple[int, int]:
    if isinstance(value, list) and len(value) == 2:
        pair = Members({"start": value[0], "end": value[1]}, mark.name, mark.place, mark.line)
        return pair.get("start", int), pair.get("end", int)
    raise mark.error(f"'spans' of {mark.name} holds {written(value)}", "expected [START, END]")


def _text_at(spans: Sequence[tuple[int, int]], passages: Sequence[Passage]) -> str:
    """Return what stands at the offsets; what is outside of the passages is found out later."""
    return " ".join(
        passage.text[start - passage.offset : end - passage.offset]
        for start, end in spans
        for passage in passages
        if passage.offset <= start and end <= passage.offset + len(passage.text)
    )


JSONL = Format(
    name="jsonl",
    read=read_documents,
    endings=(".jsonl",),
    writer=FileWriter(render),
    looks_like=lambda path, start: _LINE.match(start) is not None,
)
