"""What is known of a file format: one record, from which all that reads or writes it follows."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bioner.config.dataset import DatasetConfig
from bioner.corpora.document import Document
from bioner.corpora.files import sha256, sha256_of
from bioner.corpora.formats.shared.source import Source
from bioner.corpora.reading import Reading
from bioner.errors import Report

Reader = Callable[[Source, Report], Iterator[Document]]
"""Yields the documents of a file, a folder or a stream, one in memory at a time."""

SplitReader = Callable[[Path, DatasetConfig, str, Report], Reading]
"""Reads a split of a dataset: its path, its YAML, the dataset's name, who takes the faults."""


def _looks_like_nothing(path: Path, start: str) -> bool:
    return False


@dataclass(frozen=True)
class FileWriter:
    """Writes all documents into one file.

    Attributes:
        render: gives the text of a document; a DataError is about this document alone.
        opening: what the file begins with.
        between: what stands between two documents.
        closing: what the file ends with.
    """

    render: Callable[[Document], str]
    opening: str = ""
    between: str = ""
    closing: str = ""


@dataclass(frozen=True)
class FolderWriter:
    """Writes files of its own for each document.

    Attributes:
        render: gives their content under their endings; a DataError is about this document alone.
    """

    render: Callable[[Document], dict[str, str]]


@dataclass(frozen=True, kw_only=True)
class Format:
    """A file format.

    Attributes:
        name: in the YAML of a dataset, and for `input_format` and `output_format`.
        read: yields documents.
        endings: of names that tell the format; the longest that fits wins.
        writer: None where the format is only read.
        marks_ending: of the files with the annotations, where a split is a folder of `.txt` files
            with one of them beside each; None where it is a file.
        looks_like: says of a path and the first characters of the file whether it has the format;
            "" stands for a folder's.
        read_split: reads a split of a dataset where words and tags are given, by the keys of its
            YAML. None: its documents are cut into sentences.
        of_corpora: whether a dataset may have it; plain text has no annotations.
        unclosed: whether a file that was cut off may read as a whole one: nothing closes it but
            the end of a line.
        placed: whether the file says where its passages begin; else they follow each other.
        is_one_document: whether a file is one document, which has the file's name.
    """

    name: str
    read: Reader
    endings: tuple[str, ...]
    writer: FileWriter | FolderWriter | None = None
    marks_ending: str | None = None
    looks_like: Callable[[Path, str], bool] = _looks_like_nothing
    read_split: SplitReader | None = None
    of_corpora: bool = True
    unclosed: bool = False
    placed: bool = True
    is_one_document: bool = False

    @property
    def has_offsets(self) -> bool:
        """Whether the annotations have their places in a text."""
        return self.of_corpora and self.read_split is None

    @property
    def is_folder(self) -> bool:
        """Whether the documents have files of their own, in a folder."""
        return self.marks_ending is not None

    def marks_of(self, path: Path, document: str) -> Path:
        """Return the file with the annotations of a document of a split.

        Args:
            path: of the split.
            document: its id.
        """
        if self.marks_ending is None or not path.is_dir():
            return path
        return path / f"{document}{self.marks_ending}"

    def digest(self, path: Path) -> str:
        """Return the SHA-256 of a split: of its file, or of the list of its files and theirs.

        Only the files that are read count.

        Raises:
            DataError: if there is no such file, or one can't be read.
        """
        if self.marks_ending is None or not path.is_dir():
            return sha256(path)
        files = sorted([*path.rglob("*.txt"), *path.rglob(f"*{self.marks_ending}")])
        return sha256_of(f"{file.relative_to(path).as_posix()} {sha256(file)}" for file in files)


def is_folder_with(*endings: str) -> Callable[[Path, str], bool]:
    """Return what says whether a path is a folder that has files with each of the endings."""
    return lambda path, start: (
        path.is_dir() and set(endings) <= {file.suffix for file in path.iterdir()}
    )
