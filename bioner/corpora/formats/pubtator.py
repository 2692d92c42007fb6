"""PubTator: a title line, an abstract line, one line an annotation, an empty line."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bioner.corpora.document import Annotation, Document, Passage
from bioner.corpora.formats.format import FileWriter, Format
from bioner.corpora.formats.pubtator_writer import render
from bioner.corpora.formats.shared.checked import is_sound, shown
from bioner.corpora.formats.shared.source import Source, numbered_lines, place_of
from bioner.errors import DataError, Report, raise_it

_PASSAGE = re.compile(r"(?P<id>[^|\t]+)\|(?P<kind>[ta])\|(?P<text>.*)", re.DOTALL)
_BEGINNING = re.compile(r"^[^|\s]+\|[ta]\|", re.MULTILINE)
_KINDS = {"t": "title", "a": "abstract"}
_NUMBER = re.compile(r"\d{1,15}", re.ASCII)
_EXPECTED = "expected ID<tab>START<tab>END<tab>TEXT<tab>TYPE, or a relation of 4 or 5 columns"


def read_documents(source: Source, report: Report = raise_it) -> Iterator[Document]:
    """Yield the documents of a PubTator file.

    The abstract starts one character after the end of the title. Of an annotation the first five
    columns are read: what follows them names concepts. A relation (4 or 5 columns, the second and
    third no numbers) marks nothing and is passed over.

    Args:
        source: the file or a binary stream.
        report: takes each fault. Where it returns, reading goes on without the document.

    Raises:
        DataError: if the source can't be read as text; by default also for the first fault.
    """
    place = place_of(source)
    block: _Block | None = None
    for number, line in numbered_lines(source):
        begins = _PASSAGE.fullmatch(line)
        if block is not None and (not line.strip() or (begins and begins["kind"] == "t")):
            yield from block.end(report)
            block = None
        if not line.strip():
            continue
        block = block or _Block(place, number)
        if begins:
            block.add_passage(begins, number)
        else:
            block.add_row(line, number)
    if block is not None:
        yield from block.end(report)


@dataclass(slots=True)
class _Block:
    """The lines of one document."""

    place: Path | str
    line: int
    id: str = ""
    passages: list[Passage] = field(default_factory=list)
    annotations: list[Annotation] = field(default_factory=list)
    faults: list[DataError] = field(default_factory=list)

    def fault(self, line: int, found: str, legal: str) -> None:
        self.faults.append(DataError(self.place, line, found, legal))

    def add_passage(self, match: re.Match[str], number: int) -> None:
        kind = _KINDS[match["kind"]]
        if self.annotations or kind in [passage.kind for passage in self.passages]:
            self.fault(number, f"another {kind} line", "expected an empty line between documents")
            return
        if self.passages:
            self.same_document(match["id"], number)
        else:
            self.id = match["id"]
        before = self.passages[-1] if self.passages else None
        offset = before.offset + len(before.text) + 1 if before else 0
        self.passages.append(Passage(match["text"], offset, kind))

    def add_row(self, line: str, number: int) -> None:
        columns = line.split("\t")
        if not self.passages:
            if not self.faults:  # one fault for a document without a title, not one a line
                legal = "expected ID|t|TITLE, then ID|a|ABSTRACT"
                self.fault(number, f"a document begins with {shown(line)}", legal)
            return
        numeric = [_NUMBER.fullmatch(column) is not None for column in columns[1:3]]
        if len(columns) in (4, 5) and not any(numeric):
            self.same_document(columns[0], number)
            return
        if len(columns) < 5 or not all(numeric):
            self.fault(number, f"{shown(line)} is no annotation", _EXPECTED)
            return
        self.same_document(columns[0], number)
        spans = ((int(columns[1]), int(columns[2])),)
        self.annotations.append(Annotation(spans, columns[4], columns[3], line=number))

    def same_document(self, found: str, number: int) -> None:
        if found != self.id:
            legal = "expected its id, or an empty line between documents"
            self.fault(number, f"id {shown(found)} in document {self.id!r}", legal)

    def end(self, report: Report) -> Iterator[Document]:
        for error in self.faults:
            report(error)
        document = Document(self.id, tuple(self.passages), tuple(self.annotations), self.line)
        if not self.faults and is_sound(document, self.place, report):
            yield document


PUBTATOR = Format(
    name="pubtator",
    read=read_documents,
    endings=(".pubtator", ".pubtator.txt"),
    writer=FileWriter(render),
    looks_like=lambda path, start: _BEGINNING.search(start) is not None,
    unclosed=True,
)
