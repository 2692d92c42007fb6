"""What a file or folder is: its format by its look, its split by its name."""

import re
from pathlib import Path

from bioner.corpora.formats.all_formats import FORMATS
from bioner.errors import DataError

# Bytes of a file by which its format is told.
_START = 1 << 16

# The words in the name of a file or folder that say which split it is.
_SPLIT_WORDS = {
    "train": {"train", "training", "trn", "trng"},
    "devel": {"devel", "dev", "development", "valid", "validation", "val"},
    "test": {"test", "testing", "tst"},
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
    return next((name for name, form in FORMATS.items() if form.looks_like(path, start)), None)


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
