"""What the tests of the readers share."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import strategies as st

from bioner.corpora.document import Document
from bioner.corpora.documents.soundness import Rules, Soundness
from bioner.corpora.formats.all_formats import FORMATS
from bioner.corpora.formats.format import Reader
from bioner.corpora.formats.shared.source import Source
from bioner.errors import DataError, Report, raise_it


def sound(
    reader: Reader, source: Source, report: Report = raise_it, rules: Rules | None = None
) -> Iterator[Document]:
    """The documents as who uses them gets them: each is looked at after it was read."""
    if rules is None:
        known = (form for form in FORMATS.values() if form.read is reader)
        rules = Rules(placed=next(known).placed, trim=False)
    soundness = Soundness(rules, report)
    for document in reader(source, report):
        whole = soundness.sound(document)
        if whole is not None:
            yield whole


def all_of(reader: Reader, source: Path) -> tuple[list[Document], list[DataError]]:
    """The documents and every fault."""
    faults: list[DataError] = []
    return list(sound(reader, source, faults.append)), faults


def refusal(reader: Reader, source: Path) -> str:
    """What a reader says that raises its first fault."""
    with pytest.raises(DataError) as raised:
        list(sound(reader, source))
    return str(raised.value)


def survives(reader: Reader, source: Path) -> None:
    """Read to the end: every document has its annotations in its text, or a `DataError` came."""
    faults: list[DataError] = []
    try:
        documents = list(sound(reader, source, faults.append))
    except DataError:
        return
    for document in documents:
        for annotation in document.annotations:
            assert all(any(_inside(start, end, document)) for start, end in annotation.spans)


def _inside(start: int, end: int, document: Document) -> Iterator[bool]:
    for passage in document.passages:
        yield passage.offset <= start < end <= passage.offset + len(passage.text)


def damaged(data: bytes, pieces: tuple[bytes, ...]) -> st.SearchStrategy[bytes]:
    """A file with some pieces cut out or put in, and bytes of no sense."""
    edits = st.lists(
        st.tuples(
            st.integers(0, len(data)),
            st.integers(0, 30),
            st.one_of(st.sampled_from(pieces), st.binary(max_size=4)),
        ),
        max_size=3,
    )

    def apply(changes: list[tuple[int, int, bytes]]) -> bytes:
        changed = data
        for place, cut, piece in changes:
            changed = changed[:place] + piece + changed[place + cut :]
        return changed

    return st.one_of(st.binary(max_size=60), edits.map(apply))
