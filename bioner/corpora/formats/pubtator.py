"""PubTator: a title line, an abstract line, one line an annotation, an empty line."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import permutations
from pathlib import Path

from bioner.corpora.document import Annotation, Document, Passage
from bioner.corpora.formats.format import FileWriter, Format
from bioner.corpora.formats.pubtator_writer import render
from bioner.corpora.formats.shared.quoting import shown
from bioner.corpora.formats.shared.source import Source, lines_of, place_of
from bioner.errors import DataError, Report, raise_it

_PASSAGE = re.compile(r"(?P<id>[^|\t]+)\|(?P<kind>[ta])\|(?P<text>.*)", re.DOTALL)
_BEGINNING = re.compile(r"^[^|\s]+\|[ta]\|", re.MULTILINE)
_KINDS = {"t": "title", "a": "abstract"}
_NUMBER = re.compile(r"\d{1,15}", re.ASCII)
_NOTHING = ("none", "null", "nan", "na", "nil", "inf", "infinity")
_EXPECTED = "expected ID<tab>START<tab>END<tab>TEXT<tab>TYPE, or a relation of 4 or 5 columns"


def read_documents(source: Source, report: Report = raise_it) -> Iterator[Document]:
    """Yield the documents of a PubTator file.

    The abstract starts one character after the end of the title. Of an annotation the first five
    columns are read: what follows them names concepts. A relation marks nothing and is passed
    over. Which of the two a line is follows from the whole line against the document
    (`_is_relation`): in BioRED the third column of a relation may be a number.

    Args:
        source: the file or a binary stream.
        report: takes each fault. Where it returns, reading goes on without the document.

    Raises:
        DataError: if the source can't be read; by default also for the first fault.
    """
    place = place_of(source)
    block: _Block | None = None
    for number, line, fault, _ in lines_of(source):
        begins = _PASSAGE.fullmatch(line)
        if block is not None and (not line.strip() or (begins and begins["kind"] == "t")):
            yield from block.end(report)
            block = None
        if not line.strip():
            continue
        block = block or _Block(place, number)
        if fault is not None:
            block.faults.append(fault)
        if begins:
            block.add_passage(begins, number)
        elif fault is None:
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
    rows: list[tuple[int, list[str]]] = field(default_factory=list)
    faults: list[DataError] = field(default_factory=list)

    def fault(self, line: int, found: str, legal: str) -> None:
        self.faults.append(DataError(self.place, line, found, legal))

    def add_passage(self, match: re.Match[str], number: int) -> None:
        kind = _KINDS[match["kind"]]
        if self.rows or kind in [passage.kind for passage in self.passages]:
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
        if self.passages:
            self.rows.append((number, line.split("\t")))
        elif not self.faults:  # one fault for a document without a title, not one a line
            legal = "expected ID|t|TITLE, then ID|a|ABSTRACT"
            self.fault(number, f"a document begins with {shown(line)}", legal)

    def same_document(self, found: str, number: int) -> None:
        if found != self.id:
            legal = "expected its id, or an empty line between documents"
            self.fault(number, f"id {shown(found)} in document {self.id!r}", legal)

    def annotations(self) -> Iterator[Annotation]:
        """Yield what the rows mark; a row that is neither that nor a relation is a fault."""
        text = " ".join(passage.text for passage in self.passages)
        types = {row[4] for _, row in self.rows if _is_mark(row)}
        for number, row in self.rows:
            if _is_mark(row):
                self.same_document(row[0], number)
                spans = ((int(row[1]), int(row[2])),)
                yield Annotation(spans, row[4], row[3], line=number)
            elif _is_relation(row, text, types):
                self.same_document(row[0], number)
            else:
                line = "\t".join(row)
                self.fault(number, f"{shown(line)} is no annotation", _EXPECTED)

    def end(self, report: Report) -> Iterator[Document]:
        marks = tuple(self.annotations())
        for error in sorted(self.faults, key=lambda one: one.line or 0):
            error.of = self.line
            report(error)
        if not self.faults:
            yield Document(self.id, tuple(self.passages), marks, self.line, place=self.place)


def _is_mark(row: Sequence[str]) -> bool:
    """Say whether a row has two offsets, and a text and a type behind them."""
    return len(row) >= 5 and all(_NUMBER.fullmatch(column) for column in row[1:3])


def _is_relation(row: Sequence[str], text: str, types: Collection[str]) -> bool:
    """Say whether a row is a relation: what it is called, two concepts, perhaps whether it is new.

    It is not, and so a broken annotation, where no name stands first or one that is a type, where
    the text and the type of an annotation stand in their columns, or where two columns are the
    offsets of a third.

    Args:
        row: its columns; the first is the document's id. Empty ones at its end count for nothing.
        text: of the document, a character between its passages.
        types: of the annotations of the document.
    """
    while row and not row[-1]:
        row = row[:-1]
    if len(row) not in (4, 5) or not _is_name(row[1]) or row[1] in types:
        return False
    if len(row) == 5 and row[4] in types and row[3] and row[3] in text:
        return False
    numbers = [int(column) for column in row[1:] if _NUMBER.fullmatch(column)]
    marked = {text[start:end] for start, end in permutations(numbers, 2) if start < end}
    return not (marked - {""}).intersection(row[1:])


def _is_name(column: str) -> bool:
    """Say whether a relation may be called so: letters first, and no word for a missing number."""
    name = column.strip()
    return len(name) > 1 and name[:2].isalpha() and name.casefold() not in _NOTHING


PUBTATOR = Format(
    name="pubtator",
    read=read_documents,
    endings=(".pubtator", ".pubtator.txt"),
    writer=FileWriter(render),
    looks_like=lambda path, start: _BEGINNING.search(start) is not None,
    unclosed=True,
    placed=False,
)
