"""A split of a document format as sentences, with what was lost on the way counted."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from bioner.config.dataset import DatasetConfig, Flatten
from bioner.corpora.document import Annotation, Document
from bioner.corpora.documents.flatten import flatten
from bioner.corpora.documents.segment import segmented
from bioner.corpora.files import unended
from bioner.corpora.formats.all_formats import FORMATS
from bioner.corpora.formats.shared.checked import MismatchError, named
from bioner.corpora.reading import Reading
from bioner.corpora.type_map import TypeMap
from bioner.errors import DataError, Report, raise_it


def read(path: Path, config: DatasetConfig, name: str, report: Report = raise_it) -> Reading:
    """Read a file or folder of documents, flatten its mentions and cut it into sentences.

    Args:
        path: the file or the folder.
        config: says the format, what the types are called and what becomes of overlaps.
        name: of the dataset, for the keys in the messages.
        report: takes each fault. Where it returns, reading goes on without the document, or without
            the annotation if the fault is its type.

    Raises:
        DataError: if the file can't be read as its format; by default also for the first fault.
    """
    return _Documents(path, config, name, report).read()


class _Documents:
    def __init__(self, path: Path, config: DatasetConfig, name: str, report: Report) -> None:
        self._path, self._config, self._name = path, config, name
        self._format = FORMATS[config.format]
        self._report, self._faulty = report, False
        self._types = TypeMap(config.types, f"dataset.{name}.types")
        self._reading = Reading()

    def read(self) -> Reading:
        reading = self._reading
        ids: set[str] = set()
        for document in self._format.read(self._path, self._hear):
            if document.id in ids:
                self._hear(self._error(document, 0, f"a second document {document.id!r}", ""))
                continue
            ids.add(document.id)
            flat = self._flat(document, list(self._named(document)))
            found = segmented(replace(document, annotations=tuple(flat)))
            reading.sentences += found.sentences
            reading.cut += len(found.cut)
        if not reading.sentences and not self._faulty:
            self._report(DataError(self._path, None, "has no sentence", "expected documents"))
        self._say()
        return reading

    def _hear(self, error: DataError) -> None:
        """Take a fault of the reader; an annotation with another text is repaired where asked."""
        if isinstance(error, MismatchError):
            if self._config.repair:
                self._reading.repaired += 1
                return
            legal = f"to read what stands there set dataset.{self._name}.repair=true"
            error = DataError(error.path, error.line, error.says, legal)
        self._faulty = True
        self._report(error)

    def _named(self, document: Document) -> Iterator[Annotation]:
        """Yield the annotations of the types that the dataset has, by the names it gives them."""
        for annotation in document.annotations:
            if fault := self._types.fault(annotation.type):
                found = f"{named(document.id, annotation)}: {fault[0]}"
                self._hear(self._error(document, annotation.line, found, fault[1]))
                continue
            name = self._types[annotation.type]
            if name is None:
                continue
            if not annotation.spans:
                found = f"{named(document.id, annotation)} has no place in the text"
                self._hear(self._error(document, annotation.line, found, "expected offsets"))
                continue
            yield replace(annotation, type=name)

    def _flat(self, document: Document, annotations: list[Annotation]) -> list[Annotation]:
        found = flatten(annotations, self._config.flatten)
        if self._config.flatten == Flatten.error:
            kept = {(one.spans, one.type) for one in found.kept}
            over = [one for one in found.dropped if (one.spans, one.type) not in kept]
            for annotation, what in (
                *((one, "overlaps another one") for one in over),
                *((one, "is discontinuous") for one in found.joined),
            ):
                says = f"{named(document.id, annotation)} ({annotation.text!r:.60}) {what}"
                legal = f"set dataset.{self._name}.flatten to longest or shortest"
                self._hear(self._error(document, annotation.line, says, legal))
        self._reading.dropped += len(found.dropped)
        self._reading.joined += len(found.joined)
        return found.kept

    def _error(self, document: Document, line: int, found: str, legal: str) -> DataError:
        path = self._format.marks_of(self._path, document.id)
        return DataError(path, line or document.line or None, found, legal)

    def _say(self) -> None:
        reading = self._reading
        if self._format.unclosed and (last := unended(self._path)):
            reading.notes.append(f"line {last}, the last one, has no line end: was it cut off?")
        for count, what in (
            (
                reading.cut,
                "cut by the end of a sentence or inside of a word: each is tagged on "
                "all the words that it touches",
            ),
            (reading.dropped, "left out, since another one has their words"),
            (reading.joined, "discontinuous: each is read from its first to its last character"),
        ):
            if count:
                reading.notes.append(f"{count} mention{'s are' if count > 1 else ' is'} {what}")
