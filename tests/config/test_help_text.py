"""`--help` shows every group with its choices and every value with its default and its meaning."""

import re
from pathlib import Path

import pytest

from bioner.config.help_text import help_text
from bioner.config.hydra_setup import SCHEMAS
from bioner.config.meaning import attributes, keys_of
from bioner.config.train import TrainConfig
from tests.composition import composed


@pytest.mark.parametrize("verb", SCHEMAS)
def test_every_key_of_every_verb_has_a_meaning(verb: str) -> None:
    assert [key for key, meaning in keys_of(SCHEMAS[verb]) if not meaning] == []


def test_attributes_of_bases_and_lines_that_go_on() -> None:
    found = attributes(TrainConfig)
    assert found["debug"] == "true shows the traceback of an error."
    assert found["checkpoint_minutes"].endswith("0: one after each update.")


def test_train(tmp_path: Path) -> None:
    (tmp_path / "encoder").mkdir()
    (tmp_path / "encoder" / "ours.yaml").write_text(
        "defaults: [/encoder_keys@_here_, _self_]\nname: /models/ours\nlr: 1e-5\n"
    )
    config = composed("encoder=ours", own=tmp_path, with_hydra=True)
    shown = help_text(config, TrainConfig, [tmp_path])
    text = dict(re.findall(r"^  (\S+=\S+)\s+(\S.*)$", shown, re.MULTILINE))
    assert "ours" in text["encoder=ours"] and "minilm" in text["encoder=ours"]
    for group in ("hydra/launcher=processes", "hydra/sweeper=grid", "experiment=null"):
        assert group in text
    assert text["encoder.name=/models/ours"].startswith("a hub id")
    assert text["seed=1"].startswith("of all that is random")
    assert text["selection=best"].endswith("(best, last, average)")
    assert {"finetune.epochs=10", "finetune.targets=???", "trainer.accelerator=auto"} <= set(text)


@pytest.mark.parametrize("verb", SCHEMAS)
def test_every_verb(verb: str) -> None:
    config = composed(verb=verb, with_hydra=True)
    shown = help_text(config, SCHEMAS[verb], [])
    for key, meaning in keys_of(SCHEMAS[verb]):
        assert f"{key}=" in shown or f"{key}._target_=" in shown
        assert meaning in shown
