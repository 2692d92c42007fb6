"""Writer of words in columns: the word, the tags of the input, the tags of each head."""

import re
from collections.abc import Sequence

from bioner.corpora.document import JOINT, Annotation, Document
from bioner.corpora.formats.shared.writing import refusal
from bioner.corpora.sentence import Mention, Sentence
from bioner.corpora.tags import to_tags

_ENDS = re.compile(r"[\t\n\r\0]")


def render(document: Document) -> str:
    """Return the lines of a document, an empty one after each sentence.

    The first column is the word; then comes a column of tags for what the document held already,
    whoever marked it, and one for each head that looked at it.

    Raises:
        DataError: annotations that overlap or that begin or end within a word, or words or types
            that the format can't hold.
    """
    _check(document)
    marks = [(a, {*a.source.split(JOINT)}) for a in document.annotations]
    columns: list[list[Annotation]] = [[a for a, sources in marks if sources - {*document.heads}]]
    columns += [[a for a, sources in marks if head in sources] for head in document.heads]
    lines: list[str] = []
    placed = 0
    for sentence in document.sentences:
        tagged = [_tags(document, sentence, marks) for marks in columns]
        placed += sum(tag.startswith("B-") for tags in tagged for tag in tags)
        for row in zip(sentence.words, *tagged, strict=True):
            lines.append("\t".join(row))
        lines.append("")
    if placed != sum(map(len, columns)):
        legal = "columns hold whole words of one sentence; take jsonl"
        raise refusal(document, "some of its annotations cut a word or a sentence", legal)
    return "".join(f"{line}\n" for line in lines)


def _check(document: Document) -> None:
    """Check that no word and no type ends its column or its line."""
    words = (word for sentence in document.sentences for word in sentence.words)
    for word in words:
        if not word.strip() or _ENDS.search(word):
            raise refusal(document, f"the word {word!r} can't stand in a column", "take jsonl")
    for one in {annotation.type: None for annotation in document.annotations}:
        if one.split() != [one] or _ENDS.search(one):
            legal = "a type in columns has no blanks; take jsonl"
            raise refusal(document, f"the type {one!r} can't stand in a column", legal)


def _tags(document: Document, sentence: Sentence, marks: Sequence[Annotation]) -> tuple[str, ...]:
    starts = {start: place for place, (start, _) in enumerate(sentence.offsets)}
    ends = {end: place for place, (_, end) in enumerate(sentence.offsets, 1)}
    found = []
    for mark in marks:
        if len(mark.spans) == 1 and mark.spans[0][0] in starts and mark.spans[0][1] in ends:
            start, end = mark.spans[0]
            found.append(Mention(starts[start], ends[end], mark.type))
    try:
        return to_tags(found, len(sentence.words))
    except ValueError as error:
        legal = "columns hold no overlap; take jsonl"
        raise refusal(document, f"can't be written in columns: {error}", legal) from None
