"""`bioner predict`: a stream of documents through the heads of a run, in order."""

import hashlib
import logging
from collections.abc import Iterable
from pathlib import Path

from bioner.config.identity import digest
from bioner.config.predict import PredictConfig
from bioner.corpora.document import Document
from bioner.corpora.formats.format import Format
from bioner.errors import ConfigError, DataError
from bioner.machine.writing import check_place, naming
from bioner.predict.chosen_format import STREAM, files_of, input_format, output_format
from bioner.predict.finished import FinishedRun, open_run
from bioner.predict.input import Bad, Input
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
    if config.offsets and not form.has_offsets:
        raise ConfigError("offsets", f"is given, but {form.name} has none")
    if config.output != STREAM:
        check_place("output", Path(config.output))
    run = open_run(Path(config.run), config.fetch)
    heads = run.choose(config.heads)
    key = _key(config, run, form, to, files)
    progress = start(config.output, to, key, config.resume, config.overwrite)
    source = Input(form, config, files, progress)
    place = str(run.directory.absolute())  # a process of Ray's may run in another folder
    work = Work(place, heads, config.merge, config.device, config.precision, config.fetch)
    with marking(work, config.backend, config.n_jobs) as mark:
        sink = open_sink(config.output, to, progress)
        try:
            with source, naming(Path(config.output)):
                _write_all(mark(source.chunks()), sink, source)
            if not progress.documents:
                raise source.unreadable or ConfigError(
                    "input", f"no document could be read from {config.input} as {form.name}"
                )
            with naming(Path(config.output)):
                sink.finish()
        finally:
            sink.close()
    bad = f"{progress.bad} bad" + (f" ({progress.faults} faults)" if progress.bad else "")
    log.info("%d documents written to %s, %s", progress.written, config.output, bad)
    return progress.bad == 0


def _write_all(chunks: Iterable[list[Document]], sink: Sink, source: Input) -> None:
    """Write the documents, and after every chunk how far the output is."""
    progress = source.progress
    for chunk in chunks:
        for document in chunk:
            _write(sink, document, source)
        _count(progress, source.bad_before.popleft())
        sink.commit(progress)
    _count(progress, source.bad)


def _count(progress: Progress, bad: Bad) -> None:
    progress.bad += bad.documents
    progress.faults += bad.faults


def _write(sink: Sink, document: Document, source: Input) -> None:
    source.progress.documents += 1
    try:
        sink.write(document)
        source.progress.written += 1
    except DataError as error:
        source.say(error)
        _count(source.progress, Bad(1, 1))


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
            [str(one) for one in config.offsets],
        ]
    )
