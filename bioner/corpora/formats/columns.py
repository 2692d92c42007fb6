"""Words in columns, one a line: what is known of the format, and its reader for prediction."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import accumulate
from pathlib import Path

from bioner.corpora.document import Annotation, Document, Passage
from bioner.corpora.formats.columns_layout import look_like_columns
from bioner.corpora.formats.columns_reader import read
from bioner.corpora.formats.columns_rows import Columns, Row, Rows
from bioner.corpora.formats.columns_writer import render
from bioner.corpora.formats.format import FileWriter, Format
from bioner.corpora.formats.shared.source import Source, lines_of, place_of
from bioner.corpora.schemes import LETTERS, contradictions, to_iob2
from bioner.corpora.sentence import Sentence
from bioner.corpora.tags import spans
from bioner.errors import DataError, Report, raise_it

# Those that one sentence alone can be read by: a lone I- may be an error in IOB2, or IOB1.
_SCHEMES = ("IOB2", "IOBES", "BILOU")
_LEGAL = "expected a word, or a word and in the last column its tag in IOB2, IOBES or BILOU"
log = logging.getLogger(__name__)

_BEGINNINGS = {f"{letter}-" for scheme in _SCHEMES for letter in LETTERS[scheme]}


def read_columns(source: Source, report: Report = raise_it) -> Iterator[Document]:
    """Yield the documents of a file with one word a line and an empty line after each sentence.

    The word is in the first column; the last of several is its tag, in IOB2, IOBES or BILOU.
    Columns are parted, and lines judged, as those of a dataset are (`columns_rows`). A line that
    begins with `-DOCSTART-` begins a document; without such lines every sentence is one. The text
    of a sentence, a passage of its own, is its words with a blank between them.

    Args:
        source: the file or a binary stream.
        report: takes each fault. Where it returns, reading goes on without the document.

    Raises:
        DataError: if the source can't be read; by default also for the first fault.
    """
    place = place_of(source)
    rows = Rows(place, Columns(0, -1, partial(_read_tag, place), bare=True))
    documents = _Documents(place, report)
    number = 0
    for line in lines_of(source):
        rows.take(line)
        number = line.number
        yield from documents.take(rows)
    rows.end_sentence(number + 1)
    yield from documents.take(rows)
    yield from documents.end()
    if rows.unended:
        log.warning(
            "%s: line %d, the last one, has no line end: was it cut off?", place, rows.unended
        )


def _read_tag(place: Path | str, tag: str, number: int) -> str:
    if tag[:2] not in _BEGINNINGS:
        raise DataError(place, number, f"unknown tag {tag!r}", _LEGAL)
    return tag


@dataclass(slots=True)
class _Documents:
    """Makes documents of sentences as they come: of those under one mark, or of each."""

    place: Path | str
    report: Report
    ended: int = 0
    mark: str = ""
    passages: list[Passage] = field(default_factory=list)
    sentences: list[Sentence] = field(default_factory=list)
    annotations: list[Annotation] = field(default_factory=list)
    faults: list[DataError] = field(default_factory=list)

    def take(self, rows: Rows) -> Iterator[Document]:
        """Take the sentences that have ended; yield the documents that have ended before them."""
        while rows.found:
            row = rows.found.pop(0)
            if not row.document or row.document != self.mark:
                yield from self.end()
            self.mark = row.document
            self._add(row, rows.faults)
            rows.faults = []

    def end(self) -> Iterator[Document]:
        """Yield the document that has sentences and no fault."""
        if self.sentences or self.faults:
            self.ended += 1
        for fault in self.faults:
            fault.of = self.ended
            self.report(fault)
        if self.sentences and not self.faults:
            yield Document(
                str(self.ended),
                tuple(self.passages),
                tuple(self.annotations),
                self.sentences[0].line,
                tuple(self.sentences),
                place=self.place,
            )
        self.passages, self.sentences, self.annotations, self.faults = [], [], [], []

    def _add(self, row: Row, faults: list[DataError]) -> None:
        scheme = next((s for s in _SCHEMES if not contradictions(row.tags, s)), None)
        if scheme is None and not row.broken:
            wrong = contradictions(row.tags, _SCHEMES[0])[0]
            found = f"{row.tags[wrong]} can't stand here"
            faults = [*faults, DataError(self.place, row.line_of(wrong), found, _LEGAL)]
        self.faults += faults
        if scheme is None or row.broken:
            return
        before = self.passages[-1] if self.passages else None
        offset = before.offset + len(before.text) + 1 if before else 0
        starts = accumulate((len(word) + 1 for word in row.words[:-1]), initial=offset)
        places = tuple((start, start + len(w)) for start, w in zip(starts, row.words, strict=True))
        text, tags = " ".join(row.words), to_iob2(row.tags, scheme)
        self.passages.append(Passage(text, offset))
        self.sentences.append(Sentence(row.words, tags, row.line, str(self.ended + 1), places))
        for mention in spans(tags):
            start, end = places[mention.start][0], places[mention.end - 1][1]
            marked = text[start - offset : end - offset]
            self.annotations.append(Annotation(((start, end),), mention.type, marked))


COLUMNS = Format(
    name="conll",
    read=read_columns,
    endings=(".conll", ".tsv"),
    writer=FileWriter(render),
    looks_like=look_like_columns,
    read_split=read,
)
