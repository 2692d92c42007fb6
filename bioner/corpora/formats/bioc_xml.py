"""BioC XML: what is known of the format, and its reader.

Entities and document type definitions are never resolved.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import IO, TYPE_CHECKING, NoReturn

from bioner.corpora.document import Annotation, Document, Passage
from bioner.corpora.files import compressed, contents
from bioner.corpora.formats import bioc_xml_writer as writer
from bioner.corpora.formats.format import FileWriter, Format
from bioner.corpora.formats.shared.quoting import shown
from bioner.corpora.formats.shared.source import Source, file_behind, opened, place_of
from bioner.errors import DataError, Report, raise_it

if TYPE_CHECKING:
    from lxml.etree import _Element

# Bytes that tell compressed data.
_START = 8
_DOCUMENT = re.compile(rb"<document[\s>]")
# Of files in an encoding in which no declaration can be read; the first two are marks.
_BEGINNINGS = {
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
    b"<\0": "utf-16-le",
    b"\0<": "utf-16-be",
}
_ENCODING = re.compile(rb"""<\?xml\s[^>]*?\bencoding\s*=\s*["']([\w.:-]+)""")
_HARMLESS = "expected a file without entity declarations; the five of XML and &#…; are fine"


def read_documents(source: Source, report: Report = raise_it) -> Iterator[Document]:
    """Yield the documents of a BioC collection, one in memory at a time.

    The entity type is the infon `type`, "" where there is none. A passage without a text of its
    own is that of its sentences. Relations mark nothing and are passed over.

    Args:
        source: the file or a binary stream.
        report: takes each fault. Where it returns, reading goes on without the document.

    Raises:
        DataError: no well-formed XML or collection, an entity declared; by default, any fault.
    """
    place, begin, found = place_of(source), 0, False
    with opened(source) as stream:
        rest: IO[bytes] = stream
        while True:
            try:
                for document in _parsed(rest, place, report):
                    found = True
                    yield from document
                return
            except _SyntaxFault as fault:
                if not found:  # nothing says that it is BioC XML at all
                    raise fault.error from None
                file = file_behind(source)
                try:
                    after = _unread(fault) if file is None else _after(file, fault, begin)
                except DataError as error:
                    report(error)
                    return
                report(fault.error)
                if after is None:
                    return
                rest, begin = after


class _SyntaxFault(Exception):
    """The parser can't go on.

    Attributes:
        error: says why, with the line.
        column: of the line, from 1.
    """

    def __init__(self, error: DataError, column: int) -> None:
        super().__init__(str(error))
        self.error, self.column = error, column


def _parsed(stream: IO[bytes], place: Path | str, report: Report) -> Iterator[Iterator[Document]]:
    """Yield for each document an iterator over it, which is empty where it has a fault.

    Raises:
        _SyntaxFault: where the source is no well-formed XML.
        DataError: if it declares an entity or is no collection.
    """
    from lxml import etree  # 20 ms that no other format needs

    parsing = etree.iterparse(
        _Begun(stream, place),
        events=("start", "end"),
        tag=("collection", "document"),
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        remove_comments=True,
        remove_pis=True,
    )
    found = False
    try:
        for event, element in parsing:
            if event == "start":
                _check_root(element, place)
                found = True
            elif element.tag == "document":
                yield _read(element, place, report)
                _forget(element)
        if not found:
            _check_root(parsing.root, place)
    except etree.XMLSyntaxError as error:
        # After an entity that nothing declares the exception says no more than "no element".
        line, says = error.lineno or None, error.msg
        if line is None and len(parsing.error_log):
            line, says = parsing.error_log[0].line, parsing.error_log[0].message
        found_here = DataError(place, line, f"no XML: {says}", "expected BioC XML")
        raise _SyntaxFault(found_here, (error.position or (1, 1))[1]) from None


def _unread(fault: _SyntaxFault) -> NoReturn:
    says = f"{fault.error.says}; what follows is not read"
    raise DataError(fault.error.path, fault.error.line, says) from None


def _after(file: Path, fault: _SyntaxFault, before: int) -> tuple[IO[bytes], int] | None:
    """Return the rest of a file from the next document on, as a collection with equal lines.

    Args:
        file: the whole of it.
        fault: behind which the document starts.
        before: where the rest began that has the fault, in UTF-8.

    Returns:
        The rest in UTF-8, and where it begins; None where no document follows.

    Raises:
        DataError: the fault, where the rest can't be read in the encoding of the file.
    """
    data, line = _as_utf8(contents(file), fault), fault.error.line or 1
    begin = 0
    for _ in range(line - 1):
        begin = data.find(b"\n", begin) + 1
    found = _DOCUMENT.search(data, max(begin + fault.column - 1, before + 1))
    if found is None:
        return None
    lines = b"\n" * data.count(b"\n", 0, found.start())
    return BytesIO(lines + b"<collection>" + data[found.start() :]), found.start()


def _as_utf8(data: bytes, fault: _SyntaxFault) -> bytes:
    """Return the bytes of a file in the encoding in which the parser counts its columns."""
    declared = _ENCODING.match(data)
    name = declared[1].decode() if declared else "utf-8"
    name = next((of for begin, of in _BEGINNINGS.items() if data.startswith(begin)), name)
    try:
        if codecs.lookup(name).name == "utf-8":
            return data
        return data.decode(name).encode()
    except (LookupError, UnicodeError):
        _unread(fault)


class _Begun:
    """A stream of which the beginning was looked at: compressed data is no XML."""

    def __init__(self, stream: IO[bytes], place: Path | str) -> None:
        self._stream, self._start = stream, stream.read(_START)
        if fault := compressed(self._start, place):
            raise fault

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes."""
        start, self._start = self._start, b""
        return start or self._stream.read(size)


def _check_root(element: _Element, place: Path | str) -> None:
    tree = element.getroottree()
    declared = tree.docinfo.internalDTD
    if declared is not None and (entities := list(declared.entities())):
        found = f"declares the entity {entities[0].name!r}"
        raise DataError(place, element.sourceline, found, _HARMLESS)
    root = tree.getroot()
    if root.tag != "collection":
        found = f"the outermost element is {shown(str(root.tag))}"
        raise DataError(place, root.sourceline, found, "expected a BioC <collection>")


def _forget(element: _Element) -> None:
    """Free what was read: without this the whole file would stay in memory."""
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


def _read(element: _Element, place: Path | str, report: Report) -> Iterator[Document]:
    try:
        document = _document(element, place)
    except DataError as error:
        report(error)
    else:
        yield document


def _document(element: _Element, place: Path | str) -> Document:
    passages = []
    for part in element.iterfind("passage"):
        if part.findtext("text") or part.find("sentence") is None:
            whole = Passage(_text(part, place), _number(part, place), _type(part))
        else:
            sentences = part.findall("sentence")
            parts = tuple((_number(s, place), _text(s, place)) for s in sentences)
            whole = Passage("", parts[0][0], _type(part), parts, part.sourceline or 0)
        passages.append(whole)
    annotations = []
    for mark in element.iter("annotation"):
        spans = [_location(location, place) for location in mark.iterfind("location")]
        text = _text(mark, place)
        line = mark.sourceline or 0
        annotations.append(
            Annotation(tuple(spans), _type(mark), text, mark.get("id", ""), line=line)
        )
    identifier = _content(element.find("id"), place)
    line = element.sourceline or 1
    if not identifier:
        raise DataError(place, line, "a document has no id", "expected <id>")
    return Document(identifier, tuple(passages), tuple(annotations), line, place=place)


def _type(element: _Element) -> str:
    for infon in element.iterfind("infon"):
        if infon.get("key") == "type":
            return infon.text or ""
    return ""


def _content(element: _Element | None, place: Path | str) -> str:
    """Return the text of an element that may hold nothing else."""
    if element is None:
        return ""
    for child in element:
        # Of an entity that nothing declares the parser leaves a node; its text would be lost.
        found = f"{shown(str(child.text if callable(child.tag) else child.tag))} within a text"
        raise DataError(place, element.sourceline, found, "expected text alone")
    return element.text or ""


def _text(element: _Element, place: Path | str) -> str:
    return _content(element.find("text"), place)


def _number(element: _Element, place: Path | str) -> int:
    return _integer(_content(element.find("offset"), place), element, place)


def _location(element: _Element, place: Path | str) -> tuple[int, int]:
    start, length = (_integer(element.get(k, ""), element, place) for k in ("offset", "length"))
    return start, start + length


def _integer(text: str, element: _Element, place: Path | str) -> int:
    text = text.strip()
    if text.isascii() and text.isdigit() and len(text) <= 15:
        return int(text)
    found = f"an offset or length of a <{element.tag}> is {shown(text)}"
    raise DataError(place, element.sourceline, found, "expected a whole number")


BIOC_XML = Format(
    name="bioc_xml",
    read=read_documents,
    endings=(".xml",),
    writer=FileWriter(writer.render, writer.OPENING, closing=writer.CLOSING),
    looks_like=lambda path, start: "<collection" in start,
)
