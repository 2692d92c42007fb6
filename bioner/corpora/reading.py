"""What the reading of one file, or one folder of files, gives."""

from dataclasses import dataclass, field

from bioner.corpora.sentence import Sentence


@dataclass
class Reading:
    """The sentences of a split and what was done to have them.

    Attributes:
        sentences: in the order of the file.
        repaired: tags changed to make them legal, or annotations read as the text at their offsets.
        cut: mentions that a sentence or word border cuts; each is tagged on all words it touches.
        dropped: mentions left out since another one has their words.
        joined: discontinuous mentions read from their first to their last character.
        sorted: mentions whose fragments are not in the order of the text.
        trimmed: mentions that begin or end in blanks, which are left out of them.
        empty: mentions of no character or of blanks alone, left out.
        unplaced: mentions without a place in the text, passed over.
        notes: what a user should know, one sentence each.
    """

    sentences: list[Sentence] = field(default_factory=list)
    repaired: int = 0
    cut: int = 0
    dropped: int = 0
    joined: int = 0
    sorted: int = 0
    trimmed: int = 0
    empty: int = 0
    unplaced: int = 0
    notes: list[str] = field(default_factory=list)
