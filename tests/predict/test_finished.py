"""A run directory is read again, and one that was damaged or tampered with runs no code."""

import json
import pickle
from pathlib import Path

import pytest
import torch
import yaml
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from bioner import load
from bioner.config.head import HeadConfig
from bioner.errors import ConfigError, UserError
from bioner.model.heads import LinearHead
from bioner.predict.finished import build_head, open_run
from tests.predict.conftest import Runs

TAGS = ("O", "B-Disease", "I-Disease")


class Trap:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, sprung: Path) -> None:
        self._sprung = sprung

    def __reduce__(self) -> tuple:
        return Path.touch, (self._sprung,)


def changed(path: Path, **values: object) -> None:
    """Change values of a run's JSON or YAML file; dots part the keys."""
    is_json = path.suffix == ".json"
    content = json.loads(path.read_text()) if is_json else yaml.safe_load(path.read_text())
    for key, value in values.items():
        place = content
        *parents, last = key.split("__")
        for parent in parents:
            place = place[parent]
        place[last] = value
    path.write_text(json.dumps(content) if is_json else yaml.safe_dump(content))


def test_a_finished_run(runs: Runs) -> None:
    run = open_run(runs.linear)
    assert tuple(run.weights) == ("demo_disease", "demo_disease_related") == run.choose([])
    assert run.choose(["demo_disease_related"]) == ("demo_disease_related",)
    modes = {file.stat().st_mode for file in (run.directory / "record.json", *run.weights.values())}
    assert len(modes) == 1  # who can read the record can use the run
    with pytest.raises(ConfigError, match="did you mean demo_disease"):
        run.choose(["demo_diseas"])
    with pytest.raises(ConfigError, match="more than once"):
        run.choose(["demo_disease", "demo_disease"])


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"status": "failed", "error": {"type": "X", "message": "no space left"}}, "no space left"),
        ({"schema": 1}, "has schema 1"),
        ({"schema": 99}, "has schema 99"),
    ],
)
def test_a_run_that_can_not_be_used(copied: Path, values: dict, says: str) -> None:
    changed(copied / "record.json", **values)
    with pytest.raises(UserError, match=says):
        open_run(copied)


def test_what_is_no_run(tmp_path: Path, copied: Path) -> None:
    with pytest.raises(ConfigError, match="is not a folder"):
        open_run(tmp_path / "nothing")
    with pytest.raises(UserError, match="no finished run"):
        open_run(tmp_path)
    (copied / "record.json").write_text("[1]")
    with pytest.raises(UserError, match="schema None"):
        open_run(copied)
    (copied / "record.json").write_text("{")
    with pytest.raises(UserError, match="damaged"):
        open_run(copied)


def test_missing_parts(copied: Path) -> None:
    (copied / "checkpoints" / "demo_disease.safetensors").rename(copied / "elsewhere")
    with pytest.raises(ConfigError, match="lacks the weights"):
        open_run(copied)
    (copied / "config.yaml").unlink()
    with pytest.raises(UserError, match=r"config\.yaml: can't be read"):
        open_run(copied)


@pytest.mark.parametrize(
    "text", ["{", "a: !!python/object/apply:os.system ['true']", "seeed: 1", "[1]", "\x00", ""]
)
def test_a_config_that_is_none(copied: Path, text: str) -> None:
    (copied / "config.yaml").write_text(text)
    with pytest.raises(UserError, match=r"config.yaml: "):
        open_run(copied)


def test_no_class_is_built_that_is_no_head(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sprung = tmp_path / "sprung"
    (tmp_path / "trap.py").write_text(f"import pathlib\npathlib.Path({str(sprung)!r}).touch()\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    for target in (
        "trap.Head",
        "os.system",
        "bioner.model.heads.torch.load",
        "pathlib.Path",
        "bioner.model.heads.Tensor",
        "Head",
        "",
        "bioner.model.nothing.Head",
    ):
        with pytest.raises(ConfigError, match="no known head"):
            build_head(HeadConfig(target), 4, TAGS)
    assert not sprung.exists()


class OwnHead(LinearHead):
    """A user's head, in a module that is imported when the run is loaded."""


def test_a_users_own_head_that_is_imported(copied: Path) -> None:
    assert type(build_head(HeadConfig(f"{__name__}.OwnHead"), 4, TAGS)) is OwnHead
    changed(copied / "config.yaml", head={"_target_": "pathlib.Path"})
    with pytest.raises(ConfigError, match=r"head\._target_: 'pathlib.Path' is no known head"):
        load(copied)


def test_pickled_weights_are_not_read(copied: Path, tmp_path: Path) -> None:
    weights, sprung = copied / "checkpoints" / "demo_disease.safetensors", tmp_path / "sprung"
    for write in (
        lambda: weights.write_bytes(pickle.dumps(Trap(sprung))),
        lambda: torch.save({"encoder": Trap(sprung)}, weights),
        lambda: weights.write_bytes(weights.read_bytes()[:-100]),
        lambda: weights.write_bytes(b""),
    ):
        write()
        with pytest.raises(UserError, match="can't be read as weights"):
            load(copied)
    assert not sprung.exists()


def metadata(path: Path) -> dict[str, str]:
    with safe_open(path, framework="pt") as file:
        return dict(file.metadata())


@pytest.mark.parametrize(
    ("tags", "says"),
    [
        ("[]", "can't be read as weights"),
        ('{"demo_disease": 3}', "can't be read as weights"),
        ('{"demo_disease": [1, 2, 3]}', "can't be read as weights"),
        ('{"demo_disease": ["O"]}', "holds no tags"),
        ('{"demo_disease": ["O", "I-X", "B-X"]}', "holds no tags"),
        ('{"other": ["O", "B-X", "I-X"]}', "holds no tags"),
        ('{"demo_disease": ["O", "B-X", "I-X", "B-Y", "I-Y"]}', "of shape"),
    ],
)
def test_tags_that_are_not_the_heads(copied: Path, tags: str, says: str) -> None:
    path = copied / "checkpoints" / "demo_disease.safetensors"
    save_file(load_file(path), path, metadata={"tags": tags})
    with pytest.raises(UserError, match=says):
        load(copied)


def test_tensors_that_lack_or_are_too_many(copied: Path) -> None:
    path = copied / "checkpoints" / "demo_disease.safetensors"
    about, tensors = metadata(path), load_file(path)
    save_file(tensors | {"encoder.more": torch.zeros(1)}, path, metadata=about)
    with pytest.raises(UserError, match=r"encoder\.more"):
        load(copied)
    name = "heads.demo_disease.linear.weight"
    save_file({n: t for n, t in tensors.items() if n != name}, path, metadata=about)
    with pytest.raises(UserError, match=f"lacks 1 tensors, e.g. {name}"):
        load(copied)
