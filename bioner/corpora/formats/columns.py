"""Words in columns, one a line: what is known of the format, and its reader for prediction."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path

from bioner.corpora.document import Annotation, Document, Passage
from bioner.corpora.formats.columns_layout import look_like_columns
from bioner.corpora.formats.columns_reader import read
from bioner.corpora.formats.columns_writer import render
from bioner.corpora.formats.format import FileWriter, Format
from bioner.corpora.formats.shared.source import Source, numbered_lines, place_of
from bioner.corpora.schemes import LETTERS, contradictions, to_iob2
from bioner.corpora.sentence import Sentence
from bioner.corpora.tags import OUTSIDE, spans
from bioner.errors import DataError, Report, raise_it

START = "-DOCSTART-"
# Those that one sentence alone can be read by: a lone I- may be an error in IOB2, or IOB1.
_SCHEMES = ("IOB2", "IOBES", "BILOU")
_LEGAL = "IOB2, IOBES or BILOU"
_BEGINNINGS = {f"{letter}-" for scheme in _SCHEMES for letter in LETTERS[scheme]}


def read_columns(source: Source, report: Report = raise_it) -> Iterator[Document]:
    """Yield the documents of a file with one word a line and an empty line after each sentence.

    The word is in the first column; the last of several is its tag, in IOB2, IOBES or BILOU.
    Columns are parted by tabs, or where a line has none, by blanks. A line that begins with
    `-DOCSTART-` begins a document; without such lines every sentence is one. The text of a
    sentence, a passage of its own, is its words with a blank between them.

    Args:
        source: the file or a binary stream.
        report: takes each fault. Where it returns, reading goes on without the sentence.

    Raises:
        DataError: if the source can't be read as text; by default also for the first fault.
    """
    whole, block, gathered = False, _Block(place_of(source)), _Gathered("1")
    number = 0
    for number, line in numbered_lines(source):
        begins = line.startswith(START)
        if not begins and line.strip():
            block.rows.append((number, line))
            continue
        gathered.add(block, report)
        block.rows = []
        if gathered.sentences and (begins or not whole):
            yield gathered.end()
            gathered = _Gathered(str(int(gathered.id) + 1))
        whole = whole or begins
    gathered.add(block, report)
    if gathered.sentences:
        yield gathered.end()


@dataclass(slots=True)
class _Block:
    """The lines of one sentence."""

    place: Path | str
    rows: list[tuple[int, str]] = field(default_factory=list)

    def columns(self) -> tuple[list[str], list[str]]:
        cut = [line.split("\t") if "\t" in line else line.split() for _, line in self.rows]
        tags = [row[-1] if len(row) > 1 else OUTSIDE for row in cut]
        for (number, line), row, tag in zip(self.rows, cut, tags, strict=True):
            if not row[0].strip() or not (tag == OUTSIDE or tag[:2] in _BEGINNINGS):
                legal = f"expected a word, or a word and in the last column its tag in {_LEGAL}"
                raise DataError(self.place, number, f"{line[:60]!r}", legal)
        scheme = next((s for s in _SCHEMES if not contradictions(tags, s)), None)
        if scheme is None:
            wrong = contradictions(tags, _SCHEMES[0])[0]
            found = f"{tags[wrong]} can't stand here"
            raise DataError(self.place, self.rows[wrong][0], found, f"expected {_LEGAL}")
        return [row[0] for row in cut], list(to_iob2(tags, scheme))


@dataclass(slots=True)
class _Gathered:
    """The sentences of one document so far."""

    id: str
    passages: list[Passage] = field(default_factory=list)
    sentences: list[Sentence] = field(default_factory=list)
    annotations: list[Annotation] = field(default_factory=list)

    def add(self, block: _Block, report: Report) -> None:
        if not block.rows:
            return
        try:
            words, tags = block.columns()
        except DataError as error:
            report(error)
            return
        before = self.passages[-1] if self.passages else None
        offset = before.offset + len(before.text) + 1 if before else 0
        starts = accumulate((len(word) + 1 for word in words[:-1]), initial=offset)
        places = tuple((start, start + len(w)) for start, w in zip(starts, words, strict=True))
        text = " ".join(words)
        self.passages.append(Passage(text, offset))
        line = block.rows[0][0]
        self.sentences.append(Sentence(tuple(words), tuple(tags), line, self.id, places))
        for mention in spans(tags):
            start, end = places[mention.start][0], places[mention.end - 1][1]
            marked = text[start - offset : end - offset]
            self.annotations.append(Annotation(((start, end),), mention.type, marked))

    def end(self) -> Document:
        return Document(
            self.id,
            tuple(self.passages),
            tuple(self.annotations),
            self.sentences[0].line,
            tuple(self.sentences),
        )


COLUMNS = Format(
    name="conll",
    read=read_columns,
    endings=(".conll", ".tsv"),
    writer=FileWriter(render),
    looks_like=look_like_columns,
    read_split=read,
)
