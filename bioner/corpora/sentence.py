"""What every reader gives and everything else takes: a sentence of words with IOB2 tags."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of a corpus.

    Attributes:
        words: the words as the file has them.
        tags: one IOB2 tag a word ("O", "B-Disease", "I-Disease").
        line: 1-based line of the file on which the sentence starts.
        document: the document that the sentence belongs to; "" where the file marks none.
        offsets: (start, end) of each word in the document, in characters; () where the format has
            no text but words.
    """

    words: tuple[str, ...]
    tags: tuple[str, ...]
    line: int
    document: str = ""
    offsets: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True, order=True)
class Mention:
    """An entity mention: the words from `start` up to but without `end`, and its type."""

    start: int
    end: int
    type: str
