"""The documents of an input of prediction: sound, as they come, the bad ones named and counted."""

import logging
import sys
from collections import deque
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from bioner.config.predict import PredictConfig
from bioner.corpora.document import Document
from bioner.corpora.documents.soundness import EmptyMentionError, MismatchError, Rules, Soundness
from bioner.corpora.formats.format import Format
from bioner.errors import DataError
from bioner.machine.progress_bar import ProgressBar
from bioner.predict.annotator import Chunk, in_chunks
from bioner.predict.chosen_format import read
from bioner.predict.unfinished import Progress

log = logging.getLogger(__name__)


@dataclass
class Bad:
    """What was left out: so many documents, for so many faults."""

    documents: int = 0
    faults: int = 0
    of: Hashable = None

    def count(self, error: DataError) -> None:
        """Count a fault; those of one document come one after the other."""
        of = None if error.of is None else (str(error.path), error.of)
        self.documents += of is None or of != self.of
        self.faults += 1
        self.of = of


class Input:
    """The documents of an input, without those that an earlier start has dealt with.

    Args:
        form: the format.
        config: of the prediction.
        files: of the input, in order; none is standard input.
        progress: how far the earlier start came.

    Attributes:
        bad: what could not be read since the last chunk.
        bad_before: that of each chunk that was read, and not yet written: reading is ahead.
        unreadable: the first fault that ended the reading of a file.
    """

    def __init__(
        self, form: Format, config: PredictConfig, files: list[Path], progress: Progress
    ) -> None:
        self._form, self._place, self._files = form, Path(config.input), files
        self.progress, self._strict = progress, config.strict
        self._skip, self._read = progress.documents, 0
        self.bad, self.bad_before = Bad(), deque[Bad]()
        self.unreadable: DataError | None = None
        # What stands in the input is handed on as it is, blanks at the ends of a mention too.
        rules = Rules(config.offsets, form.placed, trim=False)
        self._soundness = Soundness(rules, self._heed)
        self._passed = 0
        self._stream: IO[bytes] | None = None
        total = len(files) if form.is_folder else sum(f.stat().st_size for f in files)
        self._bar = ProgressBar(
            "predict", total, lines=config.output == "-" and sys.stdout.isatty()
        )

    def __enter__(self) -> "Input":
        """Show the bar."""
        self._bar.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        """Take the bar down."""
        self._bar.__exit__(*error)

    def chunks(self) -> Iterator[Chunk]:
        """Yield the documents, those that are to be tagged together at once."""
        for chunk in in_chunks(self._documents()):
            self.bad_before.append(self.bad)
            self.bad = Bad(of=self.bad.of)
            yield chunk

    def say(self, error: DataError) -> None:
        """Name a fault that costs a document.

        Raises:
            DataError: the same, under `strict`.
        """
        if self._strict:
            raise error
        log.error("left out: %s", error)

    def _heed(self, error: DataError) -> None:
        """Take a fault of the reading; what an earlier start has dealt with is not said again."""
        if self._read < self._skip:
            return
        if self._strict:
            raise error
        if isinstance(error, MismatchError):
            log.warning("%s (read as what stands there)", error)
        elif isinstance(error, EmptyMentionError):
            log.warning("%s (left out)", error)
        else:
            self.say(error)
            self.bad.count(error)

    def _documents(self) -> Iterator[Document]:
        for raw in self._all():
            document = self._soundness.sound(raw)
            if document is None:
                continue
            self._read += 1
            if self._read > self._skip:
                yield document
            done = self._read if self._form.is_folder else self._bytes()
            self._bar.show(done, f"{self._read} documents")

    def _all(self) -> Iterator[Document]:
        below = self._place if self._place.is_dir() else None
        if not self._files:
            yield from self._whole(read(self._form, sys.stdin.buffer, self._heed))
        elif self._form.is_folder:
            yield from self._whole(read(self._form, self._place, self._heed))
        else:
            for file in self._files:
                with file.open("rb") as stream:
                    self._stream = stream
                    yield from self._whole(read(self._form, stream, self._heed, below))
                    self._passed += _place(stream)
                    self._stream = None

    def _whole(self, documents: Iterator[Document]) -> Iterator[Document]:
        """Yield the documents of a file up to where it can be read no further."""
        try:
            yield from documents
        except DataError as error:
            self.unreadable = self.unreadable or error
            self._heed(error)

    def _bytes(self) -> int:
        return self._passed + (0 if self._stream is None else _place(self._stream))


def _place(stream: IO[bytes]) -> int:
    """Return how far a file was read; of a pipe, which does not know, 0."""
    return stream.tell() if stream.seekable() else 0
