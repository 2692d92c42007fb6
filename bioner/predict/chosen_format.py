"""Which format an input or an output has: by its name, where it is not given."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from bioner.corpora.document import Document
from bioner.corpora.formats.all_formats import FORMATS
from bioner.corpora.formats.format import Format
from bioner.corpora.formats.shared.source import Source, place_of
from bioner.errors import ConfigError, Report, nearest

STREAM = "-"

log = logging.getLogger(__name__)


def input_format(path: str, given: str | None) -> Format:
    """Return the format of an input: the given one, else what its name or its files' names say.

    Raises:
        ConfigError: no such format, or names that tell none.
    """
    if given is not None and given not in FORMATS:
        raise ConfigError("input_format", f"is {given!r}", nearest(given, FORMATS))
    if path == STREAM:
        return FORMATS[given or "lines"]
    if not Path(path).exists():
        raise ConfigError("input", f"{path} is not there")
    if given is not None:
        return FORMATS[given]
    found = _by_name(path) if Path(path).is_file() else _of_folder(Path(path))
    if found is None:
        legal = f"input_format= one of {', '.join(FORMATS)}"
        raise ConfigError("input", f"the name of {path} tells no format", legal)
    return found


def output_format(path: str, given: str | None, of_input: Format) -> Format:
    """Return the format of an output: the given one, else what its name says.

    A name without an ending takes the input's format; plain text becomes JSON Lines.

    Raises:
        ConfigError: no such format, or one that needs a folder where there is a stream.
    """
    written = {name: form for name, form in FORMATS.items() if form.writer is not None}
    if given is not None and given not in written:
        raise ConfigError("output_format", f"is {given!r}", nearest(given, written))
    if given is not None:
        found: Format | None = written[given]
    elif path == STREAM or not Path(path).suffix:
        found = of_input if of_input.writer is not None else FORMATS["jsonl"]
    else:
        found = _by_name(path)
    if found is None or found.writer is None:
        legal = f"output_format= one of {', '.join(written)}"
        raise ConfigError("output", f"the name of {path} tells no format to write", legal)
    if found.is_folder and path == STREAM:
        files = ", ".join(name for name, form in written.items() if not form.is_folder)
        raise ConfigError("output", f"is -, but {found.name} needs a folder", files)
    return found


def files_of(path: str, form: Format) -> list[Path]:
    """Return the files of an input, in the order of their names.

    Raises:
        ConfigError: a folder without a file of this format.
    """
    place = Path(path)
    if not place.is_dir():
        return [place]
    endings = (".txt",) if form.is_folder or not form.endings else form.endings
    files = sorted(file for file in place.rglob("*") if file.is_file())
    found = [file for file in files if file.name.lower().endswith(endings)]
    if not found:
        raise ConfigError("input", f"{path} holds no file that ends in {' or '.join(endings)}")
    beside = (*endings, *form.endings, ".a2") if form.is_folder else endings
    others = [file for file in files if not file.name.lower().endswith(beside)]
    if others:
        says = "input: %d files are passed over, whose names tell no %s, such as %s"
        log.warning(says, len(others), form.name, others[0])
    return found


def read(
    form: Format, source: Source, report: Report, below: Path | None = None
) -> Iterator[Document]:
    """Yield the documents of one file or stream.

    Args:
        form: the format.
        source: a stream, or the folder of a format that needs one.
        report: takes each fault.
        below: the folder that the file lies in: where a file is one document, its path from there,
            without its ending, is the document's id.
    """
    documents = form.read(source, report)
    if below is None or not form.is_one_document:
        return documents
    name = Path(place_of(source)).relative_to(below).with_suffix("").as_posix()
    return (replace(document, id=name) for document in documents)


def _by_name(path: str) -> Format | None:
    name = Path(path).name.lower()
    endings = {ending: form for form in FORMATS.values() for ending in form.endings}
    matching = [ending for ending in endings if name.endswith(ending)]
    return endings[max(matching, key=len)] if matching else None


def _of_folder(folder: Path) -> Format | None:
    """Return the one format that the files of a folder have; standoff has .txt files beside."""
    files = (file for file in folder.rglob("*") if file.is_file())
    named = (_by_name(file.name) for file in files)
    forms = {form.name: form for form in named if form is not None}
    if any(form.is_folder for form in forms.values()):
        forms.pop("text", None)
    return next(iter(forms.values())) if len(forms) == 1 else None
