"""What the readers of document formats give and the writers take: text with marked spans.

Offsets count Unicode code points, as Python's strings do, from the start of the document, and an
end is exclusive.
"""

from dataclasses import dataclass, field
from pathlib import Path

from bioner.corpora.sentence import Sentence

JOINT = "+"
"""Stands between the names of the heads that agree on a mention."""


@dataclass(frozen=True, slots=True)
class Annotation:
    """A marked piece of a document.

    Attributes:
        spans: (start, end) of each fragment, in the order of the text; more than one where the
            mention is discontinuous, none where the file gives it no place (BioC may).
        type: the entity type, as the file has it.
        text: the marked text, as the file has it.
        id: the annotation's own id in the file; "" where it has none.
        score: how sure a model is of it, from 0 to 1; None for what a person marked.
        source: the head that marked it, or the heads with `JOINT` between them; "" for what a file
            holds.
        line: 1-based line of the file that it stands on; 0 where the format has no lines.
        told: whether the file has the marked text; else it is what stands at the offsets.
    """

    spans: tuple[tuple[int, int], ...]
    type: str
    text: str
    id: str = ""
    score: float | None = None
    source: str = ""
    line: int = field(default=0, compare=False)
    told: bool = field(default=True, compare=False)


@dataclass(frozen=True, slots=True)
class Passage:
    """A part of a document's text.

    Attributes:
        text: as the file has it.
        offset: of its first character in the document.
        kind: what the file calls it ("title", "abstract"); "" where it says nothing.
        parts: offset and text of each sentence, where a reader finds no text of the whole; what is
            between them depends on what offsets count, and `Soundness` puts them together.
        line: 1-based line of the file; 0 where it is not known.
    """

    text: str
    offset: int
    kind: str = ""
    parts: tuple[tuple[int, str], ...] = ()
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Document:
    """A document with what is marked in it.

    Attributes:
        id: as the file has it.
        passages: in the order of their offsets, without overlap.
        annotations: in the order of the file.
        line: 1-based line of the file on which the document starts; 0 where the format has none.
        sentences: its words, which know where in the document they stand; () where nobody has
            looked for them, as most formats have only text.
        place: the file with its annotations, for messages.
        heads: that looked at it, whether or not they marked anything.
    """

    id: str
    passages: tuple[Passage, ...]
    annotations: tuple[Annotation, ...]
    line: int = 1
    sentences: tuple[Sentence, ...] = field(default=(), compare=False, repr=False)
    place: Path | str = field(default="", compare=False, repr=False)
    heads: tuple[str, ...] = field(default=(), compare=False, repr=False)
