"""Which format an input or an output has: by its name, where it is not given."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from bioner.corpora.document import Document
from bioner.corpora.formats.readers import READERS
from bioner.corpora.formats.source import Source
from bioner.errors import ConfigError, Report, nearest
from bioner.predict.annotator import Worded
from bioner.predict.readers.columns import read_columns
from bioner.predict.readers.plain import read_lines, read_text
from bioner.predict.writers.formats import FILES, FOLDERS

STREAM = "-"
COLUMNS = "conll"
INPUTS = (*READERS, "text", "lines", COLUMNS)
OUTPUTS = (*FILES, *FOLDERS, COLUMNS)
# The endings that tell a format; the longest wins.
_ENDINGS = {
    ".pubtator": "pubtator",
    ".pubtator.txt": "pubtator",
    ".xml": "bioc_xml",
    ".json": "bioc_json",
    ".jsonl": "jsonl",
    ".ann": "brat",
    ".a1": "bionlp_st",
    ".conll": COLUMNS,
    ".tsv": COLUMNS,
    ".txt": "text",
}


def input_format(path: str, given: str | None) -> str:
    """Return the format of an input: the given one, else what its name or its files' names say.

    Raises:
        ConfigError: no such format, or names that tell none.
    """
    if given is not None:
        if given not in INPUTS:
            raise ConfigError("input_format", f"is {given!r}", nearest(given, INPUTS))
        return given
    if path == STREAM:
        return "lines"
    if not Path(path).exists():
        raise ConfigError("input", f"{path} is not there")
    found = _by_name(path) if Path(path).is_file() else _of_folder(Path(path))
    if found is None:
        legal = f"input_format= one of {', '.join(INPUTS)}"
        raise ConfigError("input", f"the name of {path} tells no format", legal)
    return found


def output_format(path: str, given: str | None, of_input: str) -> str:
    """Return the format of an output: the given one, else what its name says.

    A name without an ending takes the input's format; plain text becomes JSON Lines.

    Raises:
        ConfigError: no such format, or one that needs a folder where there is a stream.
    """
    if given is not None and given not in OUTPUTS:
        raise ConfigError("output_format", f"is {given!r}", nearest(given, OUTPUTS))
    bare = path == STREAM or not Path(path).suffix
    found = given or (None if bare else _by_name(path))
    if found is None and bare:
        found = of_input if of_input in OUTPUTS else "jsonl"
    if found is None or found not in OUTPUTS:
        legal = f"output_format= one of {', '.join(OUTPUTS)}"
        raise ConfigError("output", f"the name of {path} tells no format to write", legal)
    if found in FOLDERS and path == STREAM:
        raise ConfigError("output", f"is -, but {found} needs a folder", f"{', '.join(FILES)}")
    return found


def files_of(path: str, form: str) -> list[Path]:
    """Return the files of an input, in the order of their names.

    Raises:
        ConfigError: a folder without a file of this format.
    """
    place = Path(path)
    if not place.is_dir():
        return [place]
    endings = [".txt"] if form in FOLDERS else [e for e, f in _ENDINGS.items() if f == form]
    endings = endings or [".txt"]
    files = (file for file in place.rglob("*") if file.is_file())
    found = sorted(file for file in files if file.name.lower().endswith(tuple(endings)))
    if not found:
        raise ConfigError("input", f"{path} holds no file that ends in {' or '.join(endings)}")
    return found


def read(
    form: str, source: Source, report: Report, below: Path | None = None
) -> Iterator[Document | Worded]:
    """Yield the documents of one file or stream; those of columns know their words.

    Args:
        form: one of `INPUTS`.
        source: a stream, or the folder of a format that needs one.
        report: takes each fault.
        below: the folder that the file lies in, where its name makes the document's id.
    """
    if form == COLUMNS:
        yield from read_columns(source, report)
        return
    documents = {
        **{name: partial(reader, source, report) for name, reader in READERS.items()},
        "lines": partial(read_lines, source, report),
        "text": partial(read_text, source, report, below),
    }
    yield from documents[form]()


def _by_name(path: str) -> str | None:
    name = Path(path).name.lower()
    matching = [ending for ending in _ENDINGS if name.endswith(ending)]
    return _ENDINGS[max(matching, key=len)] if matching else None


def _of_folder(folder: Path) -> str | None:
    """Return the one format that the files of a folder have; standoff has .txt files beside."""
    forms = {_by_name(file.name) for file in folder.rglob("*") if file.is_file()} - {None}
    if "brat" in forms or "bionlp_st" in forms:
        forms -= {"text"}
    return forms.pop() if len(forms) == 1 else None
