"""`bioner predict`: a stream of documents through the heads of a run, in order."""

import hashlib
import logging
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path

from bioner.config.identity import digest
from bioner.config.predict import PredictConfig
from bioner.corpora.document import Document
from bioner.corpora.formats.format import Format
from bioner.corpora.formats.shared.checked import MismatchError
from bioner.errors import ConfigError, DataError, Report
from bioner.machine.progress_bar import ProgressBar
from bioner.predict.annotator import Chunk, in_chunks
from bioner.predict.chosen_format import STREAM, files_of, input_format, output_format, read
from bioner.predict.finished import FinishedRun, open_run
from bioner.predict.parallel import Work, marking
from bioner.predict.sinks import Sink, open_sink
from bioner.predict.unfinished import Progress, start

log = logging.getLogger(__name__)


def predict(config: PredictConfig) -> bool:
    """Mark what the heads of a run find in an input; return whether every document was written.

    Raises:
        UserError: what the user gave can't be used, or under `strict` a bad document.
    """
    form = input_format(config.input, config.input_format)
    to = output_format(config.output, config.output_format, form)
    files = [] if config.input == STREAM else files_of(config.input, form)
    run = open_run(Path(config.run))
    heads = run.choose(config.heads)
    key = _key(config, run, form, to, files)
    progress = start(config.output, to, key, config.resume, config.overwrite)
    reading = _Reading(form, config.input, files, progress, config.strict)
    place = str(run.directory.absolute())  # a process of Ray's may run in another folder
    work = Work(place, heads, config.merge, config.device, config.precision)
    with marking(work, config.backend, config.n_jobs) as mark:
        sink = open_sink(config.output, to, progress)
        try:
            with reading:
                _write_all(mark(reading.chunks()), sink, reading)
            if not progress.documents:
                found = f"no document could be read from {config.input} as {form.name}"
                raise ConfigError("input", found)
            sink.finish()
        finally:
            sink.close()
    log.info("%d documents written to %s, %d bad", progress.written, config.output, progress.bad)
    return progress.bad == 0


def _write_all(chunks: Iterable[list[Document]], sink: Sink, reading: "_Reading") -> None:
    """Write the documents, and after every chunk how far the output is."""
    progress = reading.progress
    for chunk in chunks:
        for document in chunk:
            _write(sink, document, reading)
        progress.bad += reading.bad_before.popleft()
        sink.commit(progress)
    progress.bad += reading.bad


def _write(sink: Sink, document: Document, reading: "_Reading") -> None:
    reading.progress.documents += 1
    try:
        sink.write(document)
        reading.progress.written += 1
    except DataError as error:
        reading.progress.bad += reading.report(error)


class _Reading:
    """The documents of an input, without those that an earlier start has dealt with.

    Args:
        form: the format.
        place: the input as it was given.
        files: its files, in order; none is standard input.
        progress: how far the earlier start came.
        strict: whether a bad document is an error.

    Attributes:
        bad: documents that could not be read since the last chunk.
        bad_before: those of each chunk that was read, and not yet written: reading is ahead.
    """

    def __init__(
        self, form: Format, place: str, files: list[Path], progress: Progress, strict: bool
    ) -> None:
        self._form, self._place, self._files = form, Path(place), files
        self.progress, self._strict = progress, strict
        self._skip = progress.documents
        self.bad, self.bad_before = 0, deque[int]()
        total = len(files) if form.is_folder else sum(f.stat().st_size for f in files)
        self._bar = ProgressBar("predict", total)

    def __enter__(self) -> "_Reading":
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
            self.bad = 0
            yield chunk

    def _documents(self) -> Iterator[Document]:
        read_so_far = 0

        def heed(error: DataError) -> None:
            if read_so_far >= self._skip:
                self.bad += self.report(error)

        for document in self._all(heed):
            read_so_far += 1
            if read_so_far > self._skip:
                yield document
            done = read_so_far if self._form.is_folder else self._bytes()
            self._bar.show(done, f"{read_so_far} documents")

    def _all(self, report: Report) -> Iterator[Document]:
        self._passed, self._stream = 0, None
        below = self._place if self._place.is_dir() else None
        if not self._files:
            yield from read(self._form, sys.stdin.buffer, report)
        elif self._form.is_folder:
            yield from read(self._form, self._place, report)
        else:
            for file in self._files:
                with file.open("rb") as self._stream:
                    yield from read(self._form, self._stream, report, below)
                    self._passed += self._stream.tell()
                self._stream = None

    def _bytes(self) -> int:
        return self._passed + (0 if self._stream is None else self._stream.tell())

    def report(self, error: DataError) -> bool:
        """Name a fault, and return whether it costs the document; raise under `strict`."""
        if self._strict:
            raise error
        if isinstance(error, MismatchError):
            log.warning("%s (read as what stands there)", error)
            return False
        log.error("left out: %s", error)
        return True


def _key(
    config: PredictConfig, run: FinishedRun, form: Format, to: Format, files: list[Path]
) -> str:
    """Hash all that decides what the output holds."""
    weights = {}
    for head in run.choose(config.heads):
        with run.weights[head].open("rb") as stream:
            weights[head] = hashlib.file_digest(stream, "sha256").hexdigest()
    stats = [(str(file), file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    return digest(
        [
            stats,
            weights,
            form.name,
            to.name,
            str(config.merge),
            config.device,
            config.precision,
            config.input,
            config.strict,
        ]
    )
