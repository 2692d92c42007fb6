"""The T lines of standoff annotation, as brat and the BioNLP shared tasks have them."""

import re
from collections.abc import Iterator
from pathlib import Path

from bioner.corpora.document import Annotation, Document, Passage
from bioner.corpora.files import BOM, contents, decoded, no_text
from bioner.corpora.formats.shared.quoting import shown
from bioner.corpora.formats.shared.source import Source, numbered_lines
from bioner.errors import DataError, Report

# ID<tab>TYPE START END(;START END)*<tab>TEXT
_MARK = re.compile(
    r"(?P<id>T[^\t ]+)\t(?P<type>[^\t ]+) (?P<spans>\d{1,15} \d{1,15}(?:;\d{1,15} \d{1,15})*)"
    r"\t(?P<text>[^\t]*)(?:\t.*)?",
    re.ASCII,
)
# Relations, events, attributes, normalisations, notes and equivalences mark no text.
_OTHERS = "REAMN#*"


def read_folder(source: Source, suffix: str, report: Report) -> Iterator[Document]:
    """Yield the documents of a folder and the folders in it, in the order of their paths.

    Args:
        source: the folder, or the one `.txt` file that is to be read.
        suffix: of the files with the annotations (".ann").
        report: takes each fault. Where it returns, reading goes on without the document.

    Raises:
        DataError: if the source is a stream, or there is no such folder; by default also for the
            first fault.
    """
    legal = f"expected a folder of .txt and {suffix} files"
    if not isinstance(source, Path):
        raise DataError("(stream)", None, "standoff annotation can't come by a stream", legal)
    folder = source.parent if source.is_file() else source
    if source.is_file():
        if source.suffix != ".txt":
            raise DataError(source, None, "is a file", legal)
        texts = {source}
    elif source.is_dir():
        marks = {file.with_suffix(".txt") for file in source.rglob(f"*{suffix}")}
        texts = marks | set(source.rglob("*.txt"))
        for file in sorted(source.rglob("*")):
            if file.suffix != file.suffix.lower() and file.suffix.lower() in (".txt", suffix):
                report(DataError(file, None, f"ends in {file.suffix}", legal))
    else:
        raise DataError(source, None, "no such folder", legal)
    if not texts:
        report(DataError(source, None, f"has no .txt and no {suffix} file", legal))
    for text in sorted(texts):
        try:
            yield from _document(text, text.with_suffix(suffix), folder, report)
        except DataError as error:
            report(error)


def _document(
    text_file: Path, marks_file: Path, folder: Path, report: Report
) -> Iterator[Document]:
    if not text_file.is_file():
        raise DataError(marks_file, None, "has no .txt beside it", f"expected {text_file.name}")
    if not marks_file.is_file():
        legal = f"expected {marks_file.name}, empty where nothing is marked"
        raise DataError(text_file, None, f"has no {marks_file.suffix} beside it", legal)
    text = _text(text_file)
    marks: list[Annotation] = []
    faults: list[DataError] = []
    for number, line in numbered_lines(marks_file, faults.append):
        mark = _MARK.fullmatch(line)
        if mark is not None:
            spans = tuple(_span(span) for span in mark["spans"].split(";"))
            marks.append(Annotation(spans, mark["type"], mark["text"], mark["id"], line=number))
        elif line.strip() and line[0] not in _OTHERS:
            legal = "expected ID<tab>TYPE START END<tab>TEXT, or a line that begins with one of "
            faults.append(DataError(marks_file, number, shown(line), legal + " ".join(_OTHERS)))
    identifier = text_file.relative_to(folder).with_suffix("").as_posix()
    for fault in faults:
        fault.of = identifier
        report(fault)
    if not faults:
        yield Document(identifier, (Passage(text, 0),), tuple(marks), place=marks_file)


def _span(text: str) -> tuple[int, int]:
    start, end = text.split(" ")
    return int(start), int(end)


def _text(path: Path) -> str:
    r"""Return the text of a file with every character that an offset counts, `\r` too."""
    data = contents(path)
    if fault := no_text(data, path):
        raise fault
    if b"\0" in data:
        line = data.count(b"\n", 0, data.index(b"\0")) + 1
        raise DataError(path, line, "a NUL byte, as in a binary file", "expected UTF-8 text")
    return decoded(data.removeprefix(BOM), path)
