"""What a file or folder looks like: its format and, of a column file, how the columns are read."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bioner.corpora.files import text
from bioner.corpora.schemes import fitting
from bioner.corpora.tags import OUTSIDE
from bioner.errors import DataError

# Bytes of a file by which its format is told.
_START = 1 << 16

_TAG = re.compile(r"O|[BIESLU](-\S+)?")
_DOCUMENT = re.compile(r" *-DOCSTART-")
_PUBTATOR = re.compile(r"^[^|\s]+\|[ta]\|", re.MULTILINE)
_DOCUMENTS = re.compile(r'"documents"\s*:\s*\[')
_JSON_LINE = re.compile(r'\s*\{.*"(?:text|passages)"\s*:')

# The words in the name of a file or folder that say which split it is.
_SPLIT_WORDS = {
    "train": {"train", "training", "trn", "trng"},
    "devel": {"devel", "dev", "development", "valid", "validation", "val"},
    "test": {"test", "testing", "tst"},
}

Sniffer = Callable[[Path, str], bool]


def _folder_with(*suffixes: str) -> Sniffer:
    """Return a sniffer of folders that have files with each of the suffixes."""
    return lambda path, start: (
        path.is_dir() and set(suffixes) <= {file.suffix for file in path.iterdir()}
    )


def _is_columns(path: Path, start: str) -> bool:
    return any(len(_cut(line)) > 1 and _TAG.fullmatch(_cut(line)[-1]) for line in _lines(start))


# The first that fits is taken: each of these is a closer look than those below it.
SNIFFERS: dict[str, Sniffer] = {
    "bionlp_st": _folder_with(".txt", ".a1"),
    "brat": _folder_with(".txt", ".ann"),
    "bioc_xml": lambda path, start: "<collection" in start,
    "bioc_json": lambda path, start: bool(_DOCUMENTS.search(start)),
    "jsonl": lambda path, start: bool(_JSON_LINE.match(start)),
    "pubtator": lambda path, start: bool(_PUBTATOR.search(start)),
    "conll": _is_columns,
}


def sniff(path: Path) -> str | None:
    """Return the format of a file or folder, or None where it looks like none of them.

    Raises:
        DataError: if the file can't be read.
    """
    start = ""
    if path.is_file():
        try:
            with path.open("rb") as file:
                start = file.read(_START).decode("utf-8-sig", "replace")
        except OSError as error:
            raise DataError(path, None, f"can't be read: {error.strerror}") from None
    return next((name for name, fits in SNIFFERS.items() if fits(path, start)), None)


def _name_words(name: str) -> set[str]:
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+", name)}


def split_of(name: str) -> str | None:
    """Return the split that a file's or folder's name stands for; None for none, or for two."""
    found = [split for split, known in _SPLIT_WORDS.items() if _name_words(name) & known]
    return found[0] if len(found) == 1 else None


def go_together(name: str, other: str) -> bool:
    """Say whether two names are the same but for the split that they stand for."""
    rests = [_name_words(one) - set().union(*_SPLIT_WORDS.values()) for one in (name, other)]
    return rests[0] == rests[1]


@dataclass(frozen=True)
class Columns:
    """How column files are read.

    Attributes:
        word: the column of the words.
        tag: the column of the tags; -1 is the last.
        scheme: of the tags; None where they follow none.
        typed: whether the tags have types.
    """

    word: int
    tag: int
    scheme: str | None
    typed: bool


def columns_of(files: Iterable[Path]) -> Columns:
    """Find the columns and the scheme of the files of one dataset.

    Raises:
        DataError: if a file can't be read, or no column holds tags.
    """
    tags: list[list[str]] = []
    place = -1
    for file in files:
        sentences = list(_sentences(text(file)))
        lines = [line for sentence in sentences for line in sentence]
        place = _tag_column(file, lines)
        tags += [[line[place] for line in sentence] for sentence in sentences]
    used = {tag for sentence in tags for tag in sentence}
    typed = any("-" in tag for tag in used)
    return Columns(1 if place == 0 else 0, place, scheme_of(tags), typed)


def _tag_column(file: Path, lines: Sequence[Sequence[str]]) -> int:
    """Return the last column in which every value is a tag; -1 where that is the last of all."""
    counts = {len(line) for line in lines}
    if len(counts) == 1:
        for column in range(counts.pop() - 1, -1, -1):
            if all(_TAG.fullmatch(line[column]) for line in lines):
                return -1 if column == len(lines[0]) - 1 else column
        found = "no column holds tags alone"
    else:
        found = f"its lines have {', '.join(map(str, sorted(counts)))} columns"
    raise DataError(file, None, found, "expected a word and a tag on every line")


def scheme_of(sentences: Iterable[Sequence[str]]) -> str | None:
    """Return the scheme of some tags, which may be without types; None where they follow none."""
    fit = fitting([_typed(tag) for tag in s] for s in sentences)
    # Where a file has no B, IO says more than IOB1, which reads the same mentions.
    return "IO" if "IO" in fit and "IOB2" not in fit else next(iter(fit), None)


def _typed(tag: str) -> str:
    return tag if "-" in tag or tag == OUTSIDE else f"{tag}-x"


def _lines(content: str) -> Iterator[str]:
    return (
        line
        for line in content.replace("\r\n", "\n").split("\n")
        if line.strip() and not _DOCUMENT.match(line)
    )


def _cut(line: str) -> list[str]:
    return line.split("\t") if "\t" in line else line.split()


def _sentences(content: str) -> Iterator[list[list[str]]]:
    """Yield the columns of the lines of each sentence."""
    for block in re.split(r"\n\s*\n", content):
        lines = [_cut(line) for line in _lines(block)]
        if lines:
            yield lines
