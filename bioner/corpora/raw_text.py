"""Text whose annotations, if it has any, are not looked at: files and folders as sentences."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from bioner.corpora.documents.segment import segment
from bioner.corpora.files import sha256, sha256_of
from bioner.corpora.formats.all_formats import FORMATS
from bioner.corpora.formats.format import Format
from bioner.corpora.sentence import Sentence
from bioner.errors import ConfigError, raise_it

# Each is read a line or a document at a time, so that no file need fit into the memory.
_BY_ENDING: dict[str, Format] = {
    ".pubtator.txt": FORMATS["pubtator"],
    ".pubtator": FORMATS["pubtator"],
    ".jsonl": FORMATS["jsonl"],
    ".txt": FORMATS["lines"],
}


def text_files(key: str, path: str) -> list[Path]:
    """Return the files of a text, in the order of their names.

    Args:
        key: of the config, for messages.
        path: a file, or a folder whose files of these endings are taken, at any depth.

    Raises:
        ConfigError: it is not there, or holds no such file.
    """
    place = Path(path)
    legal = f"files that end in {', '.join(_BY_ENDING)}"
    if not place.exists():
        raise ConfigError(key, f"{path} is not there", legal)
    files = [place] if place.is_file() else sorted(f for f in place.rglob("*") if f.is_file())
    found = [file for file in files if file.name.lower().endswith((*_BY_ENDING,))]
    if not found:
        raise ConfigError(key, f"{path} is none of, or holds none of, what can be read", legal)
    return found


def text_digest(files: Sequence[Path]) -> str:
    """Return the SHA-256 over the contents of files, in their order, whatever they are called.

    Raises:
        DataError: one can't be read.
    """
    return sha256_of(sha256(file) for file in files)


def text_sentences(files: Sequence[Path]) -> Iterator[Sentence]:
    """Yield the sentences of files, one document in memory at a time; every word is O.

    Raises:
        DataError: one can't be read as its ending says.
    """
    for file in files:
        name = file.name.lower()
        form = next(form for ending, form in _BY_ENDING.items() if name.endswith(ending))
        for document in form.read(file, raise_it):
            yield from segment(replace(document, annotations=()))
