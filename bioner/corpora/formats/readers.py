"""The readers by the name of their format, and where their documents lie."""

from collections.abc import Callable, Iterator
from pathlib import Path

from bioner.corpora.document import Document
from bioner.corpora.files import sha256, sha256_of
from bioner.corpora.formats import bioc_json, bioc_xml, bionlp_st, brat, jsonl, pubtator
from bioner.corpora.formats.source import Source
from bioner.errors import Report

Reader = Callable[[Source, Report], Iterator[Document]]

READERS: dict[str, Reader] = {
    "pubtator": pubtator.read_documents,
    "bioc_xml": bioc_xml.read_documents,
    "bioc_json": bioc_json.read_documents,
    "brat": brat.read_documents,
    "bionlp_st": bionlp_st.read_documents,
    "jsonl": jsonl.read_documents,
}

# The formats of which a split is a folder, and the suffix of the files with the annotations.
FOLDERS = {"brat": ".ann", "bionlp_st": ".a1"}

# The formats of which a file that was cut off may read as a whole one: nothing closes it but the
# end of a line. (The texts of standoff often lack that.)
UNCLOSED = ("pubtator",)


def file_of(path: Path, format_name: str, document: str) -> Path:
    """Return the file with the annotations of a document of a split.

    Args:
        path: of the split.
        format_name: one of `READERS`.
        document: its id.
    """
    if format_name not in FOLDERS or not path.is_dir():
        return path
    return path / f"{document}{FOLDERS[format_name]}"


def digest(path: Path, format_name: str) -> str:
    """Return the SHA-256 of a split: of its file, or of the list of its files and their SHA-256.

    Only the files that are read count.

    Raises:
        DataError: if there is no such file, or one can't be read.
    """
    if format_name not in FOLDERS or not path.is_dir():
        return sha256(path)
    files = [*path.rglob("*.txt"), *path.rglob(f"*{FOLDERS[format_name]}")]
    return sha256_of(
        f"{file.relative_to(path).as_posix()} {sha256(file)}" for file in sorted(files)
    )
