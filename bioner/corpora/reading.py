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
        notes: what a user should know, one sentence each.
    """

    sentences: list[Sentence] = field(default_factory=list)
    repaired: int = 0
    cut: int = 0
    dropped: int = 0
    joined: int = 0
    notes: list[str] = field(default_factory=list)
