"""A config that a record holds is the config of its run, also where an earlier version wrote it."""

import json
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from bioner.config.blocks import SubsetUnit
from bioner.config.effects import STAGE, group, made, value
from bioner.config.identity import what_counts
from bioner.config.parts import decides
from bioner.config.stored import as_of_today, load_stored, to_config
from bioner.config.train import Carry, TrainConfig
from tests.composition import train_config

GIVEN = [
    "finetune=mtl",
    "finetune.targets=[bc5cdr_disease]",
    "finetune.auxiliaries=[ncbi_disease]",
    "pretrain=sources",
    "pretrain.sources=[nlm_chem]",
    "pretrain.carry=encoder_and_matching_heads",
    "encoder=tiny",
]
CONFIG = train_config(*GIVEN)
OF_BEFORE = ["head.start=random", "head.decode=argmax"]


@dataclass
class Start:
    """A group that a later version adds."""

    start: str = value("probe", STAGE, neutral="random")
    options: dict[str, Any] = made(dict, STAGE, neutral={})


@dataclass
class Later(TrainConfig):
    """The schema of that version."""

    start: Start = group(Start)


def stored() -> Any:
    return json.loads(json.dumps(what_counts(CONFIG), default=str))


def test_what_is_stored_is_the_same_run() -> None:
    found = to_config(stored(), TrainConfig)
    assert decides(found) == decides(CONFIG)  # not where a file lies that no hash pins
    assert found.pretrain.carry is Carry.encoder_and_matching_heads
    assert found.subset_unit is SubsetUnit.sentences
    maps = {n: d.types for n, d in CONFIG.dataset.items() if isinstance(d.types, dict)}
    assert maps and all(found.dataset[n].types == types for n, types in maps.items())


def test_what_an_earlier_version_stored() -> None:
    older = stored()
    older["head"] = {"_target_": older["head"]["_target_"], "dropout": 0.1}
    del older["encoder"]["compile"], older["encoder"]["adapter"], older["batch"]["tokens"]
    older["dataset"]["nlm_chem"] |= {"files": {"train": "a"}, "mentions": {"train": 3}}
    assert decides(to_config(older, TrainConfig)) == decides(train_config(*GIVEN, *OF_BEFORE))
    assert as_of_today(older)["head"]["options"] == {"dropout": 0.1}
    assert as_of_today(stored()) == stored()


@pytest.mark.parametrize("no_config", [[1], None, {}, {"head": None}, "x"])
def test_what_is_no_config_is_left_to_the_schema(no_config: Any) -> None:
    assert as_of_today(no_config) == no_config


def test_a_key_that_came_later_has_the_value_that_was_so_before() -> None:
    assert Later().start.start == "probe"
    assert to_config(stored(), Later).start.start == "random"


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"extra": 1}, "extra"),
        ({"batch": {"sentences": 32, "words": 1}}, "batch.words"),
        ({"encoder": {}}, "encoder.name"),
        ({"optimizer": 3}, "optimizer is 3"),
        ({"leakage": "perhaps"}, "perhaps"),
    ],
)
def test_what_no_run_has_is_named(change: dict[str, Any], key: str) -> None:
    with pytest.raises((KeyError, ValueError), match=key):
        to_config(stored() | change, TrainConfig)


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [x, x]\nb: [*a, *a]\n",
        "a: &a [x,x,x,x,x,x,x,x,x]\n"
        + "".join(f"{y}: &{y} [{','.join([f'*{x}'] * 9)}]\n" for x, y in pairwise("abcdefghij")),
        "a: " + "[" * 3000 + "]" * 3000,
    ],
    ids=["one alias", "a bomb", "deep"],
)
def test_a_hostile_file_is_refused_at_once(text: str, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(text)
    with pytest.raises(yaml.YAMLError, match=r"alias|too deep"):
        load_stored(tmp_path / "config.yaml")
