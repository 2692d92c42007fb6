"""A split of a document format as sentences, with what was lost on the way counted."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from bioner.config.dataset import DatasetConfig, Flatten
from bioner.corpora.document import Annotation, Document
from bioner.corpora.documents.flatten import flatten
from bioner.corpora.documents.segment import segmented
from bioner.corpora.documents.soundness import (
    EmptyMentionError,
    MismatchError,
    Rules,
    Soundness,
    named,
)
from bioner.corpora.files import unended
from bioner.corpora.formats.all_formats import FORMATS
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
        rules = Rules(config.offsets, self._format.placed, f"dataset.{name}.")
        self._soundness = Soundness(rules, self._hear)

    def read(self) -> Reading:
        reading = self._reading
        ids: Counter[str] = Counter()
        try:
            for document in self._format.read(self._path, self._hear):
                ids[document.id] += 1
                looked_at = tuple(m for m in document.annotations if not self._types.drops(m.type))
                sound = self._soundness.sound(replace(document, annotations=looked_at))
                if sound is not None:
                    self._take(sound)
        except DataError as error:
            if not ids:  # nothing of the file can be read
                raise
            self._hear(error)
        if not reading.sentences and not self._faulty:
            self._report(DataError(self._path, None, "has no sentence", "expected documents"))
        reading.sorted, reading.trimmed = (
            self._soundness.counts[what] for what in ("sorted", "trimmed")
        )
        reading.empty += self._soundness.counts["empty"]
        self._say(ids.total() - len(ids))
        return reading

    def _take(self, document: Document) -> None:
        named = list(self._named(document))
        placed = [mark for mark in named if mark.spans]
        self._reading.unplaced += len(named) - len(placed)
        flat = self._flat(document, placed)
        found = segmented(replace(document, annotations=tuple(flat)))
        self._reading.sentences += found.sentences
        self._reading.cut += len(found.cut)

    def _hear(self, error: DataError) -> None:
        """Take a fault of the reader; what the YAML asks to mend is counted."""
        if isinstance(error, MismatchError):
            if self._config.repair:
                self._reading.repaired += 1
                return
            if error.resembles:
                legal = f"to read what stands there set dataset.{self._name}.repair=true"
                error = DataError(error.path, error.line, error.says, legal)
        elif isinstance(error, EmptyMentionError):
            if self._config.drop_empty:
                self._reading.empty += 1
                return
            legal = f"to leave such mentions out set dataset.{self._name}.drop_empty=true"
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
            yield replace(annotation, type=self._types[annotation.type] or annotation.type)

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
        return DataError(document.place or self._path, line or document.line or None, found, legal)

    def _say(self, repeated: int) -> None:
        reading = self._reading
        if self._format.unclosed and (last := unended(self._path)):
            reading.notes.append(f"line {last}, the last one, has no line end: was it cut off?")
        if repeated:
            s = "s have" if repeated > 1 else " has"
            same = "documents of one id count as one where documents are drawn or compared"
            reading.notes.append(f"{repeated} document{s} the id of an earlier one: {same}")
        for count, what in (
            (
                reading.cut,
                "cut by the end of a sentence or inside of a word: each is tagged on "
                "all the words that it touches",
            ),
            (reading.dropped, "left out, since another one has their words"),
            (reading.joined, "discontinuous: each is read from its first to its last character"),
            (reading.sorted, "of fragments that are not in the order of the text, and were sorted"),
            (reading.empty, "of no word (no character, or blanks alone), and left out"),
            (reading.unplaced, "without a place in the text, and passed over"),
        ):
            if count:
                reading.notes.append(f"{count} mention{'s are' if count > 1 else ' is'} {what}")
