"""Offsets that count something else than characters: how they are read, and how they are known.

Some files count UTF-8 bytes (a C or Java program on bytes), some UTF-16 units (Java, JavaScript, a
browser), some one for a line end of two characters (an editor on Windows). The same words are then
at other offsets, the further on the more.
"""

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate, pairwise

from bioner.config.dataset import Offsets
from bioner.corpora.document import Annotation, Document, Passage

_BLANK = re.compile(r"\s")

COUNTED = {
    Offsets.utf8_bytes: "UTF-8 bytes",
    Offsets.utf16: "UTF-16 units",
    Offsets.lf: "a line end of two characters as one",
}
# The ways of counting that are told apart where offsets do not fit.
_WAYS: tuple[tuple[Offsets, ...], ...] = (
    (),
    (Offsets.utf8_bytes,),
    (Offsets.utf16,),
    (Offsets.lf,),
    (Offsets.utf8_bytes, Offsets.lf),
    (Offsets.utf16, Offsets.lf),
)


# Of the sentences of a passage: what is further apart stands at a wrong offset.
LARGEST_GAP = 10_000


class OffsetError(Exception):
    """An offset can't be one that counts so; the message says which and why."""


class _Ruler:
    """Where the characters of a text stand for who counts otherwise."""

    def __init__(self, text: str, way: Sequence[Offsets]) -> None:
        self._text, self._way = text, way
        as_one = Offsets.lf in way and "\r\n" in text
        self._plain = not way or (text.isascii() and not as_one)
        units = [] if self._plain else accumulate(self._widths(), initial=0)
        self._units = list(units)

    def _widths(self) -> list[int]:
        if Offsets.utf8_bytes in self._way:
            widths = [len(c.encode("utf-8", "surrogatepass")) for c in self._text]
        elif Offsets.utf16 in self._way:
            widths = [1 + (ord(c) > 0xFFFF) for c in self._text]
        else:
            widths = [1] * len(self._text)
        if Offsets.lf in self._way:
            for place, pair in enumerate(pairwise(self._text)):
                widths[place] = 0 if pair == ("\r", "\n") else widths[place]
        return widths

    @property
    def length(self) -> int:
        return len(self._text) if self._plain else self._units[-1]

    def character(self, unit: int) -> int:
        """Return the place of the character that starts there."""
        if self._plain:
            return unit
        place = bisect_left(self._units, unit)
        if self._units[place] != unit:
            raise OffsetError(f"{unit} is inside of the character {self._text[place - 1]!r}")
        return place


class Conversion:
    """The passages of a document where offsets count characters, and what moves a span there.

    Args:
        document: its offsets count as `way` says. Nothing else of it need be right.
        way: how they count; () is characters.
        placed: whether the offsets of the passages stand in the file; else the reader put them one
            after the other, in characters.

    Attributes:
        passages: all with their texts.
        fault: the line of a passage whose sentences are none under this way of counting, and why.
    """

    def __init__(self, document: Document, way: Sequence[Offsets], placed: bool) -> None:
        self.passages: list[Passage] = []
        self.fault: tuple[int, str] | None = None
        whole = [self._whole(passage, way) for passage in document.passages]
        self._rulers = [_Ruler(passage.text, way) for passage in whole]
        self._starts: list[int] = []  # of the passages, as the file counts
        self._unit_end = self._end = last = 0
        for passage, ruler in zip(whole, self._rulers, strict=True):
            gap = passage.offset - (self._unit_end if placed else last)
            last = passage.offset + len(passage.text)
            self._starts.append(self._unit_end + gap)
            self.passages.append(replace(passage, offset=self._end + gap))
            self._unit_end = self._starts[-1] + ruler.length
            self._end += gap + len(passage.text)

    def _whole(self, passage: Passage, way: Sequence[Offsets]) -> Passage:
        """Put the sentences of a passage together, blanks where none is."""
        if not passage.parts:
            return passage
        pieces, end = [], passage.offset
        for offset, text in passage.parts:
            gap = offset - end
            if not 0 <= gap <= LARGEST_GAP:
                found = f"a sentence starts at {offset}, and the one before it ends at {end}"
                self.fault = self.fault or (passage.line, found)
            pieces += [" " * min(gap, LARGEST_GAP), text]
            end = offset + _Ruler(text, way).length
        return replace(passage, text="".join(pieces), parts=())

    def moved(self, span: tuple[int, int]) -> tuple[int, int]:
        """Return a span in characters; one in no passage keeps its distance to the text's end.

        Raises:
            OffsetError: an offset inside of a character.
        """
        for passage, ruler, start in zip(self.passages, self._rulers, self._starts, strict=True):
            first, behind = span[0] - start, span[1] - start
            if 0 <= first <= behind <= ruler.length:
                begin, stop = ruler.character(first), ruler.character(behind)
                return passage.offset + begin, passage.offset + stop
        return span[0] - self._unit_end + self._end, span[1] - self._unit_end + self._end


def counted_otherwise(
    document: Document, way: Sequence[Offsets], placed: bool
) -> tuple[Offsets, ...] | None:
    """Return how the offsets of a document count where that is not as `way` says.

    It is another way if more of the annotations have their text at their offsets under it, and
    most of them do.

    Args:
        document: as the file has it.
        way: how the offsets should count.
        placed: as for `Conversion`.
    """
    told = (mark for mark in document.annotations if mark.told)
    marks = [mark for mark in told if mark.spans and mark.text.strip()]
    best, most = None, _fitting(marks, Conversion(document, way, placed))
    for other in _WAYS:
        if set(other) != set(way):
            fitting = _fitting(marks, Conversion(document, other, placed))
            if fitting > most and 2 * fitting > len(marks):
                best, most = other, fitting
    return best


def _fitting(marks: Sequence[Annotation], conversion: Conversion) -> int:
    """Count the annotations that have their text at their offsets."""
    count = 0
    for mark in marks:
        try:
            spans = [conversion.moved(span) for span in mark.spans]
        except OffsetError:
            continue
        count += spells(text_at(conversion.passages, spans), mark.text)
    return count


def text_at(passages: Sequence[Passage], spans: Sequence[tuple[int, int]]) -> str | None:
    """Return the texts of the spans with a blank between them; None if no passage has one whole."""
    pieces = []
    for start, end in spans:
        for passage in passages:
            if passage.offset <= start and end <= passage.offset + len(passage.text):
                pieces.append(passage.text[start - passage.offset : end - passage.offset])
                break
        else:
            return None
    return " ".join(pieces)


def spells(text: str | None, other: str) -> bool:
    """Say whether two texts are equal, whatever the kind of their blanks."""
    if text is None:
        return False
    return text == other or _BLANK.sub(" ", text) == _BLANK.sub(" ", other)
