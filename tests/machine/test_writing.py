"""A disk that takes no more: the file is named, in one line, and nothing half-written stays."""

import errno
import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from matplotlib.figure import Figure

from bioner.config.explain import explain
from bioner.config.train import TrainConfig
from bioner.corpora.document import Document, Passage
from bioner.corpora.formats.all_formats import FORMATS
from bioner.corpora.sentence import Sentence
from bioner.errors import DataError
from bioner.machine.writing import disk_error, naming, sweep, whole
from bioner.model.weights import load_weights, save_weights
from bioner.predict.sinks import open_sink
from bioner.predict.unfinished import Progress
from bioner.runs.json_file import write_json
from bioner.runs.predictions import write_predictions
from bioner.train.checkpoint_file import StreamedCheckpoints
from bioner.transferability.measure_directory import Results

SIZE = 64 * 1024


@contextmanager
def small_disk(kind: str, folder: Path) -> Iterator[None]:
    """Let a folder take 64 KiB, or a file hold no more."""
    if kind == "file":
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (SIZE, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        return
    options = ["-t", "tmpfs", "-o", f"size={SIZE}", "none", str(folder)]
    if subprocess.run(["mount", *options], capture_output=True, check=False).returncode:
        pytest.skip("only root mounts a disk")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def weights(file: Path, size: int) -> None:
    save_weights(file, {"encoder.a": torch.zeros(size)}, {"a": ("O",)})


def checkpoint(file: Path, size: int) -> None:
    with whole(file) as temporary:
        state = {"a": torch.zeros(size), "b": torch.ones(3)}
        StreamedCheckpoints().save_checkpoint(state, temporary)


def record(file: Path, size: int) -> None:
    write_json(file, {"a": "x" * size})


def predictions(file: Path, size: int) -> None:
    sentence = Sentence(("word",) * size, ("O",) * size, 1)
    write_predictions(file, [sentence], [sentence.tags])


def array(file: Path, size: int) -> None:
    with whole(file) as temporary, temporary.open("wb") as opened:
        np.save(opened, np.zeros(size))


def table(file: Path, size: int) -> None:
    with whole(file) as temporary:
        pd.DataFrame({"a": range(size)}).to_csv(temporary)


def figure(file: Path, size: int) -> None:
    drawn = Figure(figsize=(8, 8) if size > 9 else (1, 1))
    drawn.figimage(np.random.default_rng(1).random((800, 800) if size > 9 else (9, 9)))
    with whole(file) as temporary:
        drawn.savefig(temporary, format="png")


WRITERS = [weights, checkpoint, record, predictions, array, table, figure]


@pytest.mark.parametrize("kind", ["disk", "file"])
@pytest.mark.parametrize("write", WRITERS)
def test_a_full_disk(tmp_path: Path, kind: str, write: Callable[[Path, int], None]) -> None:
    file = tmp_path / "kept"
    with small_disk(kind, tmp_path):
        write(file, 9)
        before = file.read_bytes()
        with pytest.raises(OSError, match="kept") as found:
            write(file, 100_000)
        number = errno.ENOSPC if kind == "disk" or write is array else errno.EFBIG
        assert (found.value.errno, found.value.filename) == (number, str(file))
        assert names(tmp_path) == ["kept"]
        assert file.read_bytes() == before
    assert explain(found.value, [], TrainConfig) == f"{file}: {os.strerror(number)}"


def test_what_is_written_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "a.safetensors"
    weights(file, 9)
    assert load_weights(file).tensors["encoder.a"].shape == (9,)
    with pytest.raises(ValueError, match="no disk"), whole(file) as temporary:
        temporary.mkdir()
        raise ValueError("no disk")
    assert names(tmp_path) == ["a.safetensors"]


def test_what_is_said_better_is_left(tmp_path: Path) -> None:
    full = OSError(errno.ENOSPC, "full")
    for error in (DataError(tmp_path, None, "full"), OSError(errno.ENOSPC, "full", "closer")):
        error.__cause__ = full
        with pytest.raises(type(error)) as found, naming(tmp_path):
            raise error
        assert found.value is error
    with pytest.raises(ValueError, match="no disk") as other, naming(tmp_path):
        raise ValueError("no disk")
    assert disk_error(other.value) is None


@pytest.mark.parametrize("kind", ["disk", "file"])
@pytest.mark.parametrize("form", ["jsonl", "brat"])
def test_a_prediction(tmp_path: Path, kind: str, form: str) -> None:
    output, progress = tmp_path / "out", Progress("")
    with small_disk(kind, tmp_path):
        sink = open_sink(str(output), FORMATS[form], progress)
        with pytest.raises(OSError, match="out") as found, naming(output):
            try:
                for number in range(9):
                    text = "word " * (10 if number < 2 else 20_000)
                    sink.write(Document(str(number), (Passage(text, 0),), ()))
                    sink.finish() if number == 8 else None
            finally:
                sink.close()
        assert disk_error(found.value) is not None and found.value.filename
        assert not names(tmp_path)


def test_measures(tmp_path: Path) -> None:
    with small_disk("file", tmp_path):
        directory = Results(tmp_path, {})
        rows = [("a", "b", "c" * 99, "", float(i), 0.0) for i in range(9999)]
        with pytest.raises(OSError, match=r"measures\.csv"):
            directory.add(rows, [])
    assert json.loads((tmp_path / "inputs.json").read_text()) == {}
    assert names(tmp_path) == ["inputs.json", "measures.csv", "skipped.csv"]


def test_what_the_dead_left_of_a_file_is_swept(tmp_path: Path) -> None:
    file = tmp_path / "mine[1].yaml"
    dead = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], stdout=-1)
    left = [f"{file.name}.{int(dead.stdout)}.tmp", f"{file.name}.{os.getpid()}.tmp"]
    others = ["mine[1].yaml", "mine[1].yaml.old.tmp", "other.yaml.1.tmp"]
    for name in (*left, *others):
        (tmp_path / name).touch()
    sweep(file)
    assert {path.name for path in tmp_path.iterdir()} == {left[1], *others}
