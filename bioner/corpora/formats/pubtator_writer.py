"""Writer of PubTator: a title and an abstract, each on one line, and a line an annotation.

Of plain text the first line is the title and the second the abstract. The line break at its end,
which ends the last line of a file, stands for nothing. What a head marked has three columns more:
`-` where others name a concept, the head, the score.
"""

import re

from bioner.corpora.document import Annotation, Document, Passage
from bioner.corpora.formats.shared.writing import one_line, refusal

_LETTERS = {"title": "t", "abstract": "a"}


def render(document: Document) -> str:
    """Return the lines of a document, an empty one at the end.

    Raises:
        DataError: a document that is no title and abstract, or an annotation in fragments.
    """
    if not document.id or re.search(r"[|\t\n\r\0]", document.id):
        raise refusal(document, "an id is needed, without | and tabs")
    lines = [f"{document.id}|{letter}|{text}" for letter, text in _passages(document)]
    lines += ["\t".join(_row(document, annotation)) for annotation in document.annotations]
    return "\n".join((*lines, "", ""))


def _passages(document: Document) -> list[tuple[str, str]]:
    legal = "PubTator holds a title, and an abstract one character after it; take jsonl"
    passages = _parted(document)
    kinds = [passage.kind for passage in passages]
    if len(kinds) == 1:
        letters = [_LETTERS.get(kinds[0] or "title")]
    elif len(kinds) == 2 and kinds[0] in ("", "title") and kinds[1] in ("", "abstract"):
        letters = ["t", "a"]
    else:
        letters = [None]
    if None in letters:
        raise refusal(
            document, f"its passages are {', '.join(map(repr, kinds)) or '(none)'}", legal
        )
    end = -1
    for passage in passages:
        if passage.offset != end + 1:
            raise refusal(document, f"a passage starts at {passage.offset}, not {end + 1}", legal)
        if found := re.search(r"[\n\r\0]", passage.text):
            raise refusal(document, f"its text holds {found[0]!r}", legal)
        end = passage.offset + len(passage.text)
    return [(str(letter), p.text) for letter, p in zip(letters, passages, strict=True)]


def _parted(document: Document) -> tuple[Passage, ...]:
    """Return the passages; plain text of two lines is a title and an abstract.

    Raises:
        DataError: an annotation begins in one line and ends in the other.
    """
    if len(document.passages) != 1 or document.passages[0].kind:
        return document.passages
    only = document.passages[0]
    title, *more = only.text.removesuffix("\n").split("\n", 1)
    end = only.offset + len(title)
    for annotation in document.annotations if more else ():
        for first, last in annotation.spans:
            if first <= end < last:
                found = f"the mention at {first} to {last} goes over a line break"
                raise refusal(document, found, "PubTator has two lines; take jsonl")
    return Passage(title, only.offset), *(Passage(text, end + 1) for text in more)


def _row(document: Document, annotation: Annotation) -> list[str]:
    if len(annotation.spans) != 1:
        found = f"an annotation has {len(annotation.spans)} fragments"
        raise refusal(
            document, found, "PubTator holds one; take jsonl, bioc_xml, bioc_json or brat"
        )
    if "\0" in annotation.type + annotation.text or one_line(annotation.type) != annotation.type:
        raise refusal(document, f"PubTator can't hold the type or text of {annotation}")
    start, end = annotation.spans[0]
    row = [document.id, str(start), str(end), one_line(annotation.text), annotation.type]
    if annotation.score is None:
        return row
    return [*row, "-", annotation.source, f"{annotation.score:.4f}"]
