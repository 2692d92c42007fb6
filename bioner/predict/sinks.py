"""Where annotated documents go: a file, a folder with files of its own for each, or a stream."""

import json
import os
import shutil
import sys
from abc import ABC, abstractmethod
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path, PurePosixPath
from typing import IO

from bioner.corpora.document import Document
from bioner.corpora.formats.format import FileWriter, FolderWriter, Format
from bioner.corpora.formats.shared.writing import refusal
from bioner.errors import UserError
from bioner.machine.writing import disk_error, naming
from bioner.predict.chosen_format import STREAM
from bioner.predict.unfinished import Progress, ids, notes, partial
from bioner.runs.json_file import write_json


class Sink(ABC):
    """Takes documents one by one; `commit` makes what was taken safe."""

    @abstractmethod
    def write(self, document: Document) -> None:
        """Take a document.

        Raises:
            DataError: the format can't hold it; nothing of it is written.
        """

    @abstractmethod
    def commit(self, progress: Progress) -> None:
        """Put on disk what was written so far, and how far that is."""

    @abstractmethod
    def finish(self) -> None:
        """Make the output whole and put it where it belongs."""

    @abstractmethod
    def close(self) -> None:
        """Let go of what is open; an unfinished output stays if it is noted how far it is."""


class FileSink(Sink):
    """One file."""

    def __init__(self, output: Path, writer: FileWriter, progress: Progress) -> None:
        self._output, self._partial = output, partial(output)
        self._writer = writer
        self._first = progress.written == 0
        self._file = _open_at(self._partial, progress.size)
        if progress.size == 0:
            self._file.write(self._writer.opening.encode())

    def write(self, document: Document) -> None:
        """Append a document."""
        text = self._writer.render(document)
        if not self._first:
            text = self._writer.between + text
        self._file.write(_encoded(document, text))
        self._first = False

    def commit(self, progress: Progress) -> None:
        """Flush, and note the size."""
        self._file.flush()
        progress.size = self._file.tell()
        write_json(notes(self._output), asdict(progress))

    def finish(self) -> None:
        """End the file and rename it."""
        self._file.write(self._writer.closing.encode())
        self._file.close()
        self._partial.replace(self._output)
        notes(self._output).unlink(missing_ok=True)

    def close(self) -> None:
        """Close the file, and remove one that nothing was committed to."""
        with suppress(OSError):  # what a full disk did not take was said where it was written
            self._file.close()
        if not notes(self._output).exists():
            self._partial.unlink(missing_ok=True)


class FolderSink(Sink):
    """Files of its own for each document, under the document's id.

    The ids stand in OUTPUT.partial.ids too, so that of two documents with one id the second is
    known for it though another process wrote the first.
    """

    def __init__(self, output: Path, writer: FolderWriter, progress: Progress) -> None:
        self._output, self._partial, self._writer = output, partial(output), writer
        if progress.documents == 0:
            shutil.rmtree(self._partial, ignore_errors=True)
        self._partial.mkdir(parents=True, exist_ok=True)
        self._ids_file = ids(output)
        self._ids = _open_at(self._ids_file, progress.size)
        self._ids.seek(0)
        self._seen: set[str] = {json.loads(line) for line in self._ids}

    def write(self, document: Document) -> None:
        """Write the files of a document."""
        name = _file_name(document)
        if name in self._seen:
            raise refusal(document, "another document has this id", "expected distinct ids")
        contents = {e: _encoded(document, t) for e, t in self._writer.render(document).items()}
        try:
            for ending, data in contents.items():
                file = self._partial / f"{name}{ending}"
                file.parent.mkdir(parents=True, exist_ok=True)
                with naming(file):
                    file.write_bytes(data)
        except OSError as error:
            if disk_error(error) is not None:
                raise
            raise refusal(document, f"can't be written: {error.strerror}") from error
        self._seen.add(name)
        with naming(self._ids_file):
            self._ids.write(f"{json.dumps(name)}\n".encode())

    def commit(self, progress: Progress) -> None:
        """Note how far it is; the documents' files are closed."""
        with naming(self._ids_file):
            self._ids.flush()
        progress.size = self._ids.tell()
        write_json(notes(self._output), asdict(progress))

    def finish(self) -> None:
        """Rename the folder; one that it replaces was looked at by `start`."""
        if self._output.exists():
            shutil.rmtree(self._output)
        self._partial.replace(self._output)
        self._ids_file.unlink()
        notes(self._output).unlink(missing_ok=True)

    def close(self) -> None:
        """Close the list of ids, and remove a folder that nothing was committed to."""
        with suppress(OSError):
            self._ids.close()
        if not notes(self._output).exists():
            shutil.rmtree(self._partial, ignore_errors=True)
            self._ids_file.unlink(missing_ok=True)


class StreamSink(Sink):
    """Standard output."""

    def __init__(self, writer: FileWriter) -> None:
        self._writer = writer
        self._before = self._writer.opening

    def write(self, document: Document) -> None:
        """Print a document."""
        data = _encoded(document, self._before + self._writer.render(document))
        sys.stdout.buffer.write(data)
        self._before = self._writer.between

    def commit(self, progress: Progress) -> None:
        """Hand on what was printed."""
        sys.stdout.buffer.flush()

    def finish(self) -> None:
        """End the output."""
        opened = "" if self._before == self._writer.between else self._before
        sys.stdout.buffer.write((opened + self._writer.closing).encode())
        sys.stdout.buffer.flush()

    def close(self) -> None:
        """Standard output is not ours to close."""


def open_sink(output: str, form: Format, progress: Progress) -> Sink:
    """Open an output of a format that can be written, where `progress` says that it stands."""
    writer = form.writer
    if isinstance(writer, FolderWriter):
        Path(output).parent.mkdir(parents=True, exist_ok=True)
        return FolderSink(Path(output), writer, progress)
    assert writer is not None  # what the output's format may be was checked
    if output == STREAM:
        return StreamSink(writer)
    Path(output).parent.mkdir(parents=True, exist_ok=True)
    return FileSink(Path(output), writer, progress)


def _encoded(document: Document, text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise refusal(document, f"holds half of a surrogate pair: {error.reason}") from None


def _file_name(document: Document) -> str:
    """Return the path of a document's files below the folder, without an ending."""
    name = document.id
    parts = PurePosixPath(name).parts
    if (
        not name
        or "/".join(parts) != name
        or {"..", "."} & set(parts)
        or "\0" in name
        or "\\" in name
    ):
        raise refusal(document, "its id names no file", "expected names with / between them")
    return name


def _open_at(path: Path, size: int) -> IO[bytes]:
    """Open a file of which the first bytes are kept, at their end; it is made for 0 bytes.

    Raises:
        UserError: it can't be written, or has fewer bytes.
    """
    try:
        file = path.open("r+b" if size else "w+b")
    except OSError as error:
        raise UserError(f"{path}: can't be written: {error.strerror}") from error
    if file.seek(0, os.SEEK_END) < size:
        file.close()
        raise UserError(f"{path}: shorter than when it was left; overwrite=true starts anew")
    file.truncate(size)
    file.seek(size)
    return file
