"""A format that the package does not know: a line a document, mentions as `[TEXT](TYPE)`.

This is all that a new format takes: its module with its record, and the line that registers it.
"""

import re
from collections.abc import Iterator

from bioner.corpora.document import Annotation, Document, Passage
from bioner.corpora.formats.format import FileWriter, Format
from bioner.corpora.formats.shared.source import Source, numbered_lines
from bioner.errors import Report, raise_it

_MENTION = re.compile(r"\[([^\]]+)\]\(([^)]+)\)")


def read_documents(source: Source, report: Report = raise_it) -> Iterator[Document]:
    """Yield a document for each line."""
    for number, line in numbered_lines(source):
        text, marks, end = "", [], 0
        for found in _MENTION.finditer(line):
            text += line[end : found.start()]
            start, end = len(text), found.end()
            text += found[1]
            marks.append(Annotation(((start, len(text)),), found[2], found[1], line=number))
        text += line[end:]
        yield Document(str(number), (Passage(text, 0),), tuple(marks), number)


def render(document: Document) -> str:
    """Return the line of a document of one passage."""
    text, end = "", 0
    for mark in sorted(document.annotations, key=lambda one: one.spans):
        (start, stop), content = mark.spans[0], document.passages[0].text
        if start >= end:
            text += f"{content[end:start]}[{content[start:stop]}]({mark.type})"
            end = stop
    return text + document.passages[0].text[end:] + "\n"


TOY = Format(
    name="toy",
    read=read_documents,
    endings=(".toy",),
    writer=FileWriter(render),
    looks_like=lambda path, start: _MENTION.search(start) is not None,
)
