"""The model card of a head says what its weights are made of."""

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from bioner.predict.card import card, card_of_run
from bioner.predict.finished import FinishedRun, open_run
from tests.predict.conftest import Runs


def with_encoder(run: FinishedRun, name: str, random: bool) -> FinishedRun:
    encoder = replace(run.config.encoder, name=name, from_scratch={} if random else None)
    return replace(run, config=replace(run.config, encoder=encoder))


@pytest.mark.parametrize(
    ("name", "random", "of_the_hub"),
    [
        ("owner/bio-bert_v1.1", False, True),
        ("bert-base-cased", False, True),
        ("owner/bio-bert_v1.1", True, False),
        ("package:some_package/model", False, False),
        ("/data/my/model", False, False),
        ("tests/predict", False, False),
    ],
)
def test_a_model_of_the_hub_is_the_base_model(
    name: str, random: bool, of_the_hub: bool, runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(Path(__file__).parents[2])
    run = with_encoder(open_run(runs.linear), name, random)
    shown = card(run, "demo_disease", [], lacks_transitions=False)
    front = yaml.safe_load(shown.split("---\n")[1])
    assert front.get("base_model") == (name if of_the_hub else None)
    for text in (shown, card_of_run(run, "demo_disease", "", [])):
        assert f"on `{name}`{' with random weights' if random else ''}.\n" in text
