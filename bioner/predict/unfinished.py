"""An output that is not whole yet, and what is known of it.

It stands beside its place under the name OUTPUT.partial, with OUTPUT.partial.json, which says how
far it is: a prediction that was interrupted goes on from there.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from bioner.corpora.formats.all_formats import FORMATS
from bioner.corpora.formats.format import Format
from bioner.errors import ConfigError
from bioner.predict.chosen_format import STREAM


@dataclass
class Progress:
    """How far a prediction is.

    Attributes:
        of: the hash of the input, the run and the options.
        documents: that were read and either written or found bad by the writer.
        bad: documents that could not be read or written.
        faults: for which they were left out.
        written: documents in the output.
        size: bytes of the output so far.
    """

    of: str
    documents: int = 0
    bad: int = 0
    faults: int = 0
    written: int = 0
    size: int = 0


def partial(output: Path) -> Path:
    """Return where an output stands until it is whole."""
    return output.with_name(f"{output.name}.partial")


def notes(output: Path) -> Path:
    """Return where it is noted how far an unfinished output is."""
    return output.with_name(f"{output.name}.partial.json")


def ids(output: Path) -> Path:
    """Return where the ids of the documents of an unfinished folder are noted."""
    return output.with_name(f"{output.name}.partial.ids")


def start(output: str, form: Format, of: str, resume: bool, overwrite: bool) -> Progress:
    """Say where to begin.

    Raises:
        ConfigError: the output exists, an unfinished one is in the way, or one of another input
            or run is to go on.
    """
    if output != STREAM:
        for half in Path(output).parent.glob(f"{notes(Path(output)).name}.*.tmp"):
            half.unlink()  # a process was killed while it noted how far it was
    if output == STREAM or overwrite:
        if output != STREAM:
            _check_replaceable(Path(output), form)
        return Progress(of)
    path = Path(output)
    if path.exists():
        for left in (notes(path), ids(path)):  # by a process that was killed when all was written
            left.unlink(missing_ok=True)
        raise ConfigError("output", f"{path} exists", "overwrite=true replaces it")
    if not notes(path).exists():
        return Progress(of)
    if not resume:
        found = f"an interrupted prediction has left {partial(path)}"
        raise ConfigError("output", found, "resume=true goes on, overwrite=true starts anew")
    try:
        noted = Progress(**json.loads(notes(path).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise ConfigError(
            "resume", f"{notes(path)} is damaged: {error}", "overwrite=true"
        ) from error
    if noted.of != of:
        found = f"{partial(path)} was made of another input, run or options"
        raise ConfigError("resume", found, "overwrite=true starts anew")
    return noted


def _check_replaceable(output: Path, form: Format) -> None:
    """Refuse to replace what prediction can't have written."""
    if not output.exists():
        return
    if output.is_dir() != form.is_folder:
        kind = "a folder" if output.is_dir() else "a file"
        raise ConfigError("output", f"{output} is {kind}, and {form.name} needs the other")
    if output.is_dir():
        ours = {".txt", *(one.marks_ending for one in FORMATS.values() if one.is_folder)}
        others = [f for f in output.rglob("*") if not f.is_dir() and f.suffix not in ours]
        if others:
            raise ConfigError("overwrite", f"{output} holds other files, such as {others[0]}")
