"""Where annotated documents go: a file, a folder with files of its own for each, or a stream."""

import json
import os
import shutil
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path, PurePosixPath
from typing import IO

from bioner.errors import UserError
from bioner.predict.annotator import Worded
from bioner.predict.formats import COLUMNS, STREAM
from bioner.predict.unfinished import Progress, notes, partial
from bioner.predict.writers import columns
from bioner.predict.writers.formats import FILES, FOLDERS, FileFormat
from bioner.predict.writers.whole import refusal
from bioner.runs.json_file import write_json


class Sink(ABC):
    """Takes documents one by one; `commit` makes what was taken safe."""

    @abstractmethod
    def write(self, worded: Worded) -> None:
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

    def __init__(self, output: Path, form: str, heads: Sequence[str], progress: Progress) -> None:
        self._output, self._partial = output, partial(output)
        self._form, self._render = _renderer(form, heads)
        self._first = progress.written == 0
        self._file = _open_at(self._partial, progress.size)
        if progress.size == 0:
            self._file.write(self._form.opening.encode())

    def write(self, worded: Worded) -> None:
        """Append a document."""
        text = self._render(worded)
        if not self._first:
            text = self._form.between + text
        self._file.write(_encoded(worded, text))
        self._first = False

    def commit(self, progress: Progress) -> None:
        """Flush, and note the size."""
        self._file.flush()
        progress.size = self._file.tell()
        write_json(notes(self._output), asdict(progress))

    def finish(self) -> None:
        """End the file and rename it."""
        self._file.write(self._form.closing.encode())
        self._file.close()
        self._partial.replace(self._output)
        notes(self._output).unlink(missing_ok=True)

    def close(self) -> None:
        """Close the file, and remove one that nothing was committed to."""
        self._file.close()
        if not notes(self._output).exists():
            self._partial.unlink(missing_ok=True)


class FolderSink(Sink):
    """Files of its own for each document, under the document's id.

    The ids stand in OUTPUT.partial.ids too, so that of two documents with one id the second is
    known for it though another process wrote the first.
    """

    def __init__(self, output: Path, form: str, progress: Progress) -> None:
        self._output, self._partial, self._render = output, partial(output), FOLDERS[form]
        if progress.documents == 0:
            shutil.rmtree(self._partial, ignore_errors=True)
        self._partial.mkdir(parents=True, exist_ok=True)
        self._ids_file = output.with_name(f"{output.name}.partial.ids")
        self._ids = _open_at(self._ids_file, progress.size)
        self._ids.seek(0)
        self._seen: set[str] = {json.loads(line) for line in self._ids}

    def write(self, worded: Worded) -> None:
        """Write the files of a document."""
        name = _file_name(worded)
        if name in self._seen:
            raise refusal(worded.document, "another document has this id", "expected distinct ids")
        contents = {e: _encoded(worded, t) for e, t in self._render(worded.document).items()}
        try:
            for ending, data in contents.items():
                file = self._partial / f"{name}{ending}"
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(data)
        except OSError as error:
            raise refusal(worded.document, f"can't be written: {error.strerror}") from error
        self._seen.add(name)
        self._ids.write(f"{json.dumps(name)}\n".encode())

    def commit(self, progress: Progress) -> None:
        """Note how far it is; the documents' files are closed."""
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
        self._ids.close()
        if not notes(self._output).exists():
            shutil.rmtree(self._partial, ignore_errors=True)
            self._ids_file.unlink(missing_ok=True)


class StreamSink(Sink):
    """Standard output."""

    def __init__(self, form: str, heads: Sequence[str]) -> None:
        self._form, self._render = _renderer(form, heads)
        self._before = self._form.opening

    def write(self, worded: Worded) -> None:
        """Print a document."""
        data = _encoded(worded, self._before + self._render(worded))
        sys.stdout.buffer.write(data)
        self._before = self._form.between

    def commit(self, progress: Progress) -> None:
        """Hand on what was printed."""
        sys.stdout.buffer.flush()

    def finish(self) -> None:
        """End the output."""
        opened = "" if self._before == self._form.between else self._before
        sys.stdout.buffer.write((opened + self._form.closing).encode())
        sys.stdout.buffer.flush()

    def close(self) -> None:
        """Standard output is not ours to close."""


def open_sink(output: str, form: str, heads: Sequence[str], progress: Progress) -> Sink:
    """Open an output where `progress` says that it stands."""
    if output == STREAM:
        return StreamSink(form, heads)
    Path(output).parent.mkdir(parents=True, exist_ok=True)
    if form in FOLDERS:
        return FolderSink(Path(output), form, progress)
    return FileSink(Path(output), form, heads, progress)


def _renderer(form: str, heads: Sequence[str]) -> tuple[FileFormat, Callable[[Worded], str]]:
    if form == COLUMNS:
        return FileFormat(lambda _: ""), lambda worded: columns.render(worded, heads)
    found = FILES[form]
    return found, lambda worded: found.render(worded.document)


def _encoded(worded: Worded, text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise refusal(worded.document, f"holds half of a surrogate pair: {error.reason}") from None


def _file_name(worded: Worded) -> str:
    """Return the path of a document's files below the folder, without an ending."""
    name = worded.document.id
    parts = PurePosixPath(name).parts
    if "/".join(parts) != name or {"..", "."} & set(parts) or "\0" in name or "\\" in name:
        raise refusal(worded.document, "its id names no file", "expected names with / between them")
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
