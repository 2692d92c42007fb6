"""What must hold of a document of any format: its offsets count characters, its marks fit its text.

Readers give what the file says. What is right of it is decided here, once for all formats, for
corpora and for prediction.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import pairwise

from bioner.config.dataset import Offsets
from bioner.corpora.document import Annotation, Document, Passage
from bioner.corpora.documents.displaced import displaced, nearest_place
from bioner.corpora.documents.offsets import (
    COUNTED,
    LARGEST_GAP,
    Conversion,
    OffsetError,
    counted_otherwise,
    spells,
    text_at,
)
from bioner.corpora.formats.shared.quoting import shown
from bioner.errors import DataError, Report

# Where a document may end: the offsets of words are kept in 32 bits.
FURTHEST = 2**31 - 1
# Of the characters of two spellings of one text, those that agree.
_ALIKE = 0.6
_EXPECTED = "expected the first character of a mention and the one behind its last, from 0 on"


class MismatchError(DataError):
    """The text of an annotation is not the text at its offsets.

    A report that returns from it has the annotation read as what stands at the offsets.

    Attributes:
        mark: the annotation with the text that stands there.
        resembles: whether that is a spelling of its text, which stands nowhere itself.
    """

    def __init__(
        self, document: Document, line: int | None, found: str, mark: Annotation, resembles: bool
    ) -> None:
        super().__init__(document.place, line, found, "expected the same text")
        self.mark, self.resembles = mark, resembles


class EmptyMentionError(DataError):
    """An annotation covers no character, or blanks alone.

    A report that returns from it has the annotation left out.
    """


class CountedOtherwiseError(DataError):
    """The offsets of a document count something else.

    Attributes:
        way: how they count; () is characters.
    """

    def __init__(
        self,
        document: Document,
        line: int | None,
        found: str,
        legal: str,
        way: tuple[Offsets, ...],
    ) -> None:
        super().__init__(document.place, line, found, legal, of=(document.id, document.line))
        self.way = way


@dataclass(frozen=True)
class Rules:
    """How documents are read.

    Attributes:
        offsets: what they count; () is characters.
        placed: whether the offsets of passages stand in the file (`Format.placed`).
        key: before the names of keys in messages ("dataset.mine.").
        trim: whether blanks at the ends of a mention are left out of it.
    """

    offsets: Sequence[Offsets] = ()
    placed: bool = True
    key: str = ""
    trim: bool = True


class Soundness:
    """Makes sound documents of those that a reader gives.

    Args:
        rules: how they are read.
        report: takes each fault.

    Attributes:
        counts: mentions whose fragments were `sorted`, that were `trimmed`, or that stood on
            blanks alone, which no report was made of (`empty`).
    """

    def __init__(self, rules: Rules, report: Report) -> None:
        self._rules, self._report = rules, report
        self.counts: Counter[str] = Counter()

    def sound(self, document: Document) -> Document | None:
        """Return a document that can be used, or None after a report of what is wrong with it.

        The offsets of the document count characters, and every annotation that has a place has
        its fragments in order, none of them empty, and the text that stands there.
        """
        conversion = Conversion(document, self._rules.offsets, self._rules.placed)
        found = [self._checked(document, conversion, mark) for mark in document.annotations]
        faults = [one for one in found if isinstance(one, DataError)]
        torn = _torn(document, conversion) or _misplaced(document, conversion.passages)
        every = [*faults, *([torn] if torn else [])]
        wrong = self._otherwise(document, every, conversion.passages) or torn
        if wrong is not None:
            self._report(wrong)
            return None
        for fault in faults:
            self._report(fault)
        if any(not isinstance(fault, (MismatchError, EmptyMentionError)) for fault in faults):
            return None
        mended = (one.mark if isinstance(one, MismatchError) else one for one in found)
        marks = [one for one in mended if not isinstance(one, DataError)]
        if self._rules.trim:
            marks = [whole for mark in marks for whole in self._trimmed(mark, conversion.passages)]
        return replace(document, passages=tuple(conversion.passages), annotations=tuple(marks))

    def _otherwise(
        self, document: Document, faults: Sequence[DataError], passages: Sequence[Passage]
    ) -> DataError | None:
        """Return the one fault of a document whose offsets count something else."""
        if all(isinstance(fault, EmptyMentionError) for fault in faults):
            return None
        line = next((one.line for one in faults if one.line is not None), None)
        way = counted_otherwise(document, self._rules.offsets, self._rules.placed)
        if way is None:
            rule = displaced(document.annotations, passages)
            found = f"the offsets of document {document.id!r} {rule}"
            return _fault(document, line, found, _EXPECTED) if rule else None
        counted = " and ".join(COUNTED[one] for one in way) or "characters"
        found = f"the offsets of document {document.id!r} count {counted}"
        legal = f"to read them so set {self._rules.key}offsets=[{','.join(way)}]"
        return CountedOtherwiseError(document, line, found, legal, way)

    def _checked(
        self, document: Document, conversion: Conversion, mark: Annotation
    ) -> Annotation | DataError:
        """Return an annotation in characters and in order, or what is wrong with it."""
        if not mark.spans:
            return mark
        name, line = named(document.id, mark), mark.line or document.line or None
        for start, end in mark.spans:
            if not 0 <= start <= end:
                found = f"{name} is from {start} to {end}"
                return _fault(document, line, found, "expected start < end")
        if all(start == end for start, end in mark.spans):
            return self._empty(document, mark, line)
        try:
            as_in_file = [conversion.moved(span) for span in mark.spans if span[0] < span[1]]
        except OffsetError as error:
            return _fault(document, line, f"{name}: {error}", "expected where a character starts")
        spans = sorted(as_in_file)
        for (_, end), (start, _) in pairwise(spans):
            if start < end:
                found = f"{name} has a fragment from {start}, and one before it ends at {end}"
                return _fault(document, line, found, "expected fragments without overlap")
        text = text_at(conversion.passages, spans)
        if text is None:
            start, end = next(s for s in spans if text_at(conversion.passages, [s]) is None)
            found = f"{name} is from {start} to {end}, which is not inside one passage"
            legal = f"the passages are {_extents(conversion.passages)}"
            return _fault(document, line, found, legal)
        texts = (text, text_at(conversion.passages, as_in_file))
        right = not mark.told or any(spells(one, mark.text) for one in texts)
        if right and not text.strip():
            return self._empty(document, mark, line)
        self.counts["sorted"] += spans != as_in_file
        kept = mark.text if right and mark.told else text
        whole = replace(mark, spans=tuple(spans), text=kept, told=True)
        if right:
            return whole
        found = f"{name} is {shown(mark.text)}, but the text at its offsets is {shown(text)}"
        place = nearest_place(conversion.passages, mark.text, spans[0][0])
        if place is not None:
            found += f", and its own stands at {place}-{place + len(mark.text)}"
        return MismatchError(
            document, line, found, whole, place is None and _alike(text, mark.text)
        )

    def _empty(self, document: Document, mark: Annotation, line: int | None) -> DataError:
        what = "blanks alone" if any(start < end for start, end in mark.spans) else "no character"
        found = f"{named(document.id, mark)} covers {what}"
        return EmptyMentionError(document.place, line, found, "expected words")

    def _trimmed(self, mark: Annotation, passages: Sequence[Passage]) -> Iterator[Annotation]:
        """Yield an annotation without the blanks at the ends of its fragments, if words stay."""
        spans = []
        for start, end in mark.spans:
            text = text_at(passages, [(start, end)]) or ""
            begin = start + len(text) - len(text.lstrip())
            if text.strip():
                spans.append((begin, begin + len(text.strip())))
        if tuple(spans) == mark.spans:
            yield mark
        elif spans:
            self.counts["trimmed"] += 1
            yield replace(mark, spans=tuple(spans), text=mark.text.strip())
        else:
            self.counts["empty"] += 1


def named(document_id: str, annotation: Annotation) -> str:
    """Return what a message calls an annotation."""
    own = f" {annotation.id}" if annotation.id else ""
    return f"annotation{own} of document {document_id!r}"


def _fault(document: Document, line: int | None, found: str, legal: str) -> DataError:
    return DataError(document.place, line, found, legal, of=(document.id, document.line))


def _torn(document: Document, conversion: Conversion) -> DataError | None:
    """Return what is wrong with the places of the sentences that a passage is made of."""
    if conversion.fault is None:
        return None
    line, found = conversion.fault
    legal = f"expected sentences in order, without overlap or gaps of more than {LARGEST_GAP:,}"
    return _fault(document, line or document.line or None, found, legal)


def _misplaced(document: Document, passages: Sequence[Passage]) -> DataError | None:
    """Return what is wrong with the places of the passages."""
    end, line = 0, document.line or None
    for passage in passages:
        found = f"a passage of document {document.id!r} starts at {passage.offset}"
        if passage.offset < end:
            legal = f"expected {end} or more, where the passage before it ends"
            return _fault(document, line, found, legal)
        end = passage.offset + len(passage.text)
        if end > FURTHEST:
            legal = f"expected a text that ends at {FURTHEST:,} or before"
            return _fault(document, line, found, legal)
    return None


def _alike(text: str, other: str) -> bool:
    """Say whether two texts are spellings of one, by the share of their characters that agree."""
    return SequenceMatcher(None, text.casefold(), other.casefold()).ratio() >= _ALIKE


def _extents(passages: Sequence[Passage]) -> str:
    extents = [f"{p.offset}-{p.offset + len(p.text)}" for p in passages]
    return ", ".join([*extents[:5], "…"] if len(extents) > 5 else extents) or "(none)"
