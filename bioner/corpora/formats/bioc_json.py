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
from bioner.corpora.formats.shared.json_escapes import Escapes
from bioner.corpora.formats.shared.json_shape import Members
from bioner.corpora.formats.shared.quoting import shown
from bioner.corpora.formats.shared.source import Source, file_behind, opened, place_of
from bioner.errors import DataError, Report, raise_it

_LISTS = ("documents", PUBTATOR3)
_LEGAL = "expected a BioC collection"
# Bytes that tell a byte order mark, and compressed data.
_START = 8


def read_documents(source: Source, report: Report = raise_it) -> Iterator[Document]:
    """Yield the documents of a BioC collection, one in memory at a time.

    The entity type is the infon `type`, "" where there is none. A passage without a text of its
    own is that of its sentences. Relations mark nothing and are passed over.

    Args:
        source: the file or a binary stream.
        report: takes each fault. Where it returns, reading goes on without the document.

    Raises:
        DataError: if the source is no JSON or no collection, or has half of a surrogate pair
            anywhere; by default also for the first fault.
    """
    import ijson  # only this format needs it

    place = place_of(source)
    number = 0
    with opened(source) as stream:
        try:
            events = _watched(ijson.parse(_Checked(stream, place), use_float=True), place)
            for number, value in enumerate(ijson.items(events, "documents.item"), 1):
                yield from _read(value, number, place, report)
            return
        except (ijson.JSONError, ValueError) as error:
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


def _first_fault(source: Source, error: Exception) -> tuple[str, json.JSONDecodeError]:
    """Return the text of a file that the parser refuses, which says no line, and why it does.

    Raises:
        DataError: the file is no text or is empty, is a stream, or is refused for something else.
    """
    if (file := file_behind(source)) is not None:
        if not file.stat().st_size:
            raise DataError(file, None, "is empty", _LEGAL) from None
        content = text(file)
        try:
            json.loads(content)
        except json.JSONDecodeError as found:
            return content, found
        except (ValueError, RecursionError):  # a number of 5,000 digits, 1,000 lists in each other
            pass
    # The parser draws where it stopped on further lines.
    says = str(error).removeprefix("b'").replace("\\n", "\n").splitlines()[0].strip()
    legal = f"{_LEGAL}; what follows is not read"
    raise DataError(place_of(source), None, f"no JSON: {says}", legal) from None


def _rest(
    content: str, first: json.JSONDecodeError, known: int, place: Path | str, report: Report
) -> Iterator[Document]:
    """Yield the documents behind those that are known, and report each syntax fault.

    Raises:
        DataError: nothing says that it is a collection at all.
    """
    number = 0
    for found in documents_and_faults(content, first):
        if isinstance(found, json.JSONDecodeError):
            says = f"no JSON: {found.msg} at column {found.colno}"
            fault = DataError(place, found.lineno, says, _LEGAL)
            if not DOCUMENTS.search(content, 0, first.pos):
                raise fault
            report(fault)
        else:
            number += 1
            if number > known:
                yield from _read(found, number, place, report)


def _watched(events: Iterator[tuple[str, str, Any]], place: Path | str) -> Iterator[Any]:
    """Pass on the events of the parser; raise where they are not those of a collection."""
    legal = "expected a BioC collection: an object with a list 'documents'"
    found = False
    for number, (prefix, event, value) in enumerate(events):
        if number == 0 and event != "start_map":
            raise DataError(place, None, "is no JSON object", legal)
        if prefix in _LISTS and event not in ("start_array", "end_array"):
            raise DataError(place, None, f"its {prefix!r} is no list", legal)
        found = found or prefix in _LISTS
        if prefix.startswith(PUBTATOR3):
            prefix = prefix.replace(PUBTATOR3, "documents", 1)
        yield prefix, event, value
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
