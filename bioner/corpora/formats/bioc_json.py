"""BioC JSON: what is known of the format, and its reader."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from bioner.corpora.document import Annotation, Document, Passage
from bioner.corpora.files import BOM, no_text, text
from bioner.corpora.formats import bioc_json_writer
from bioner.corpora.formats.bioc_json_rest import DOCUMENTS, PUBTATOR3, documents_and_faults
from bioner.corpora.formats.format import FileWriter, Format
from bioner.corpora.formats.shared.json_escapes import Escapes, HalfPairError
from bioner.corpora.formats.shared.json_keys import DoubledError
from bioner.corpora.formats.shared.json_shape import Members
from bioner.corpora.formats.shared.quoting import shown
from bioner.corpora.formats.shared.source import Source, file_behind, opened, place_of
from bioner.errors import DataError, Report, raise_it

_LISTS = ("documents", PUBTATOR3)
_LEGAL = "expected a BioC collection"
# Bytes that tell a byte order mark, and compressed data.
_START = 8
# Lists and objects in each other; the parser keeps the path to each: 100,000 would take 25 GB.
_DEEPEST = 500
_DEEPER = {"start_map": 1, "start_array": 1, "end_map": -1, "end_array": -1}


def read_documents(source: Source, report: Report = raise_it) -> Iterator[Document]:
    """Yield the documents of a BioC collection, one in memory at a time.

    The entity type is the infon `type`, "" where there is none. A passage without a text of its
    own is that of its sentences. Relations mark nothing and are passed over.

    Args:
        source: the file or a binary stream.
        report: takes each fault. Where it returns, reading goes on without the document.

    Raises:
        DataError: if the source is no JSON or no collection; by default also for the first fault,
            half of a surrogate pair anywhere in a document among them.
    """
    import ijson  # only this format needs it

    place = place_of(source)
    number = 0
    with opened(source) as stream:
        try:
            events = ijson.basic_parse(_Checked(stream, place), use_float=True)
            documents = ijson.items(ijson.parse(_watched(events, place)), "documents.item")
            for number, value in enumerate(documents, 1):
                yield from _read(value, number, place, report)
            return
        except (ijson.JSONError, ValueError, HalfPairError) as error:
            content, first = _first_fault(source, error)
    yield from _rest(content, first, number, place, report)


class _Checked:
    """A stream without the byte order mark that it may begin with, and without half characters."""

    def __init__(self, stream: IO[bytes], place: Path | str) -> None:
        self._stream, self._start = stream, stream.read(_START).removeprefix(BOM)
        if fault := no_text(self._start, place):
            raise fault
        self._escapes = Escapes(place)

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes; what was looked at is not lost."""
        if size == 0:  # the parser asks for nothing first, to see whether it gets bytes
            return b""
        checked = b""
        while not checked and (data := self._start or self._stream.read(size)):
            self._start, checked = b"", self._escapes.check(data)
        return checked or self._escapes.check(b"")


def _first_fault(source: Source, error: Exception) -> tuple[str, DataError | None]:
    """Return the text of a file that the parser refuses, which says no line, and why it does.

    Where the parser of Python takes it there is no fault: a number that is none or is too large
    is one where it is looked at.

    Raises:
        DataError: the file is no text, is empty or is no collection at all, or is a stream.
    """
    place, file = place_of(source), file_behind(source)
    if isinstance(error, HalfPairError):
        fault: DataError = error
    else:
        # The parser draws where it stopped on further lines.
        says = str(error).removeprefix("b'").replace("\\n", "\n").splitlines()[0].strip()
        legal = f"{_LEGAL}; what follows is not read" if file is None else _LEGAL
        fault = DataError(place, None, f"no JSON: {says}", legal)
    if file is None:
        raise fault from None
    if not file.stat().st_size:
        raise DataError(file, None, "is empty", _LEGAL) from None
    content = text(file)
    begun = DOCUMENTS.search(content)
    try:
        json.loads(content)
    except json.JSONDecodeError as found:
        if begun is None or begun.end() > found.pos:
            raise _told(found, place) from None
        return content, _told(found, place)
    except (ValueError, RecursionError):  # a number of 5,000 digits, 1,000 lists in each other
        if begun is None:
            raise fault from None
        return content, fault
    return content, fault if isinstance(error, HalfPairError) else None


def _rest(
    content: str, first: DataError | None, known: int, place: Path | str, report: Report
) -> Iterator[Document]:
    """Yield the documents behind those that are known, and report each fault of the syntax."""
    number, said = 0, False
    for found in documents_and_faults(content, place):
        if isinstance(found, dict):
            number += 1
            if number > known:
                yield from _read(found, number, place, report)
        elif isinstance(found, json.JSONDecodeError):
            said = True
            report(_told(found, place))
        else:
            number, said = number + 1, True
            report(found)
    if first is not None and not said:
        report(first)


def _told(found: json.JSONDecodeError, place: Path | str) -> DataError:
    return DataError(place, found.lineno, f"no JSON: {found.msg} at column {found.colno}", _LEGAL)


def _watched(events: Iterator[tuple[str, Any]], place: Path | str) -> Iterator[tuple[str, Any]]:
    """Pass on the events of the parser; raise where they are not those of a collection.

    Raises:
        ValueError: lists and objects are nested too deeply, or a key of a document comes twice.
    """
    legal = "expected a BioC collection: an object with a list 'documents'"
    depth, key, found = 0, "", False
    keys: list[set[str]] = []  # of the objects in which the event lies
    for event, value in events:
        if event == "start_map":
            keys.append(set())
        elif event == "end_map":
            keys.pop()
        elif event == "map_key" and len(keys) > 1:
            if value in keys[-1]:
                raise DoubledError(f"no JSON: a second {value!r} in one object")
            keys[-1].add(value)
        if depth == 0 and event != "start_map":
            raise DataError(place, None, "is no JSON object", legal)
        if depth == 1:
            if key in _LISTS and event != "start_array":
                raise DataError(place, None, f"its {key!r} is no list", legal)
            found, key = found or key in _LISTS, value if event == "map_key" else ""
            value = _LISTS[0] if key in _LISTS else value
        depth += _DEEPER.get(event, 0)
        if depth > _DEEPEST:
            raise ValueError(f"more than {_DEEPEST} lists or objects in each other")
        yield event, value
    if not found:
        raise DataError(place, None, "has no 'documents'", legal)


def _read(value: Any, number: int, place: Path | str, report: Report) -> Iterator[Document]:
    try:
        document = _document(Members(value, f"document {number}", place, None))
    except DataError as error:
        report(error)
    else:
        yield document


def _document(found: Members) -> Document:
    identifier = _identifier(found)
    if not identifier:
        raise found.error(f"{found.name} has no id", "expected a string 'id'")
    named = Members(found.value, f"document {shown(identifier)}", found.place, None)
    passages, marks = [], named.objects("annotations")
    for part in named.objects("passages"):
        sentences = part.objects("sentences")
        marks += part.objects("annotations")
        for sentence in sentences:
            marks += sentence.objects("annotations")
        if sentences and not part.value.get("text"):
            parts = tuple((s.get("offset", int), s.get("text", str)) for s in sentences)
            whole = Passage("", parts[0][0], _type(part), parts)
        else:
            whole = Passage(part.get("text", str, ""), part.get("offset", int), _type(part))
        passages.append(whole)
    marked = tuple(map(_annotation, marks))
    return Document(identifier, tuple(passages), marked, line=0, place=found.place)


def _annotation(mark: Members) -> Annotation:
    spans = []
    for location in mark.objects("locations"):
        start = location.get("offset", int)
        spans.append((start, start + location.get("length", int)))
    content = mark.get("text", str, "")
    return Annotation(tuple(spans), _type(mark), content, _identifier(mark))


def _type(found: Members) -> str:
    infons: dict[str, Any] = found.get("infons", dict, {})
    return Members(infons, f"'infons' of {found.name}", found.place, None).get("type", str, "")


def _identifier(found: Members) -> str:
    value = found.value.get("id", "")
    return str(found.get("id", int)) if isinstance(value, int) else found.get("id", str, "")


BIOC_JSON = Format(
    name="bioc_json",
    read=read_documents,
    endings=(".json",),
    writer=FileWriter(
        bioc_json_writer.render,
        bioc_json_writer.OPENING,
        bioc_json_writer.BETWEEN,
        bioc_json_writer.CLOSING,
    ),
    looks_like=lambda path, start: DOCUMENTS.search(start) is not None,
)
