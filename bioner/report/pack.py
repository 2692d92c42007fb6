"""A study's finished runs in one file that may be shared: it has no text of the corpora."""

import io
import re
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import yaml

from bioner.errors import UserError
from bioner.machine.writing import sweep, whole
from bioner.report.analyses.pairs import BASES, asked_tests
from bioner.report.asked import ASKED, asked_json
from bioner.report.frame import tidy
from bioner.report.study import Run
from bioner.runs.predictions import NO_WORD

# Overrides that tell of a machine; none of them can change a result.
_PLACES = re.compile(r"\+*(runs_dir|datasets_dir|datasets_mirror|cache_dir|hydra[./]\S*)=")


def pack(runs: Sequence[Run], file: Path) -> int:
    """Write what reports and grids need of the complete runs into a `.tar.xz`; return their number.

    That is, of each run, `record.json`, what was typed, and the test predictions with `_` for
    every word: no licence forbids tags and scores, and those of every target are kept. Unpacked
    into a study's folder these are run directories: a grid skips them, a report reads them. Beside
    them lies what the study asked for (`bioner.report.asked`). The same runs give the same file.

    Raises:
        UserError: the file can't be written.
    """
    done = [
        (run.place, run.record.config["finetune"]["targets"])
        for run in runs
        if run.place and run.record.status == "complete"
    ]
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        sweep(file)
        with whole(file) as temporary, tarfile.open(temporary, "w:xz") as packed:
            _add(packed, ASKED, asked_json(runs, _tests(runs)))
            for place, targets in done:
                for name, data in _files(place, targets):
                    _add(packed, f"{place.name}/{name}", data)
    except OSError as error:
        raise UserError(f"pack: {file}: can't be written ({error})") from error
    return len(done)


def _add(packed: tarfile.TarFile, name: str, data: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(data)
    packed.addfile(entry, io.BytesIO(data))


def _tests(runs: Sequence[Run]) -> dict[str, int]:
    rows = tidy(runs).frame
    return {against: asked_tests(rows, against) for against in BASES}


def _files(place: Path, targets: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    yield "record.json", (place / "record.json").read_bytes()
    typed = place / ".hydra" / "overrides.yaml"
    if typed.exists():
        overrides = yaml.safe_load(typed.read_text("utf-8")) or []
        kept = [override for override in overrides if not _PLACES.match(override)]
        yield ".hydra/overrides.yaml", yaml.safe_dump(kept).encode()
    for target in targets:
        name = f"predictions/{target}.test.tsv"
        if (place / name).exists():
            text = (place / name).read_text("utf-8")
            # A line that marks a document has no tab.
            wordless = re.sub(r"^[^\t\n]+\t", f"{NO_WORD}\t", text, flags=re.MULTILINE)
            yield name, wordless.encode()
