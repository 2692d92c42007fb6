"""Rates follow the encoder, and a run that was stored keeps the recipe that it had."""

import pytest
from omegaconf import OmegaConf

from bioner.config.head import Decode, Start
from bioner.config.identity import what_counts
from bioner.config.stored import as_of_today, to_config
from bioner.config.train import Selection, TrainConfig
from bioner.errors import ConfigError
from tests.composition import train_config

TARGET = "finetune.targets=[demo_disease]"


@pytest.mark.parametrize(
    ("encoder", "rate"), [("minilm", 1.5e-4), ("biobert", 5e-5), ("scibert", 2e-5)]
)
def test_the_rate_is_the_encoders_own(encoder: str, rate: float) -> None:
    assert train_config(TARGET, f"encoder={encoder}").optimizer.lr == rate
    assert train_config(TARGET, f"encoder={encoder}", "optimizer.lr=0.5").optimizer.lr == 0.5


def test_an_encoder_without_a_rate_needs_one() -> None:
    with pytest.raises(ConfigError, match=r"encoder\.lr: is not given, and optimizer\.lr takes"):
        train_config(TARGET, "encoder.lr=null")
    assert train_config(TARGET, "encoder.lr=null", "optimizer.lr=0.5").encoder.lr is None


def older() -> dict[str, object]:
    """What a record of an earlier version holds of its config."""
    found = what_counts(train_config(TARGET, "optimizer.lr=0.25"))
    for group, keys in (
        ("head", ("start", "probe_sentences", "decode")),
        ("optimizer", ("head_lr_times",)),
        ("mixing", ("start", "end", "base")),
    ):
        for key in keys:
            del found[group][key]
    for key in ("selection", "average_epochs"):
        del found[key]
    return found


def test_an_older_run_had_random_heads_and_the_best_tag_of_each_word() -> None:
    config = to_config(older(), TrainConfig)
    assert (config.head.start, config.head.decode) == (Start.random, Decode.argmax)
    assert config.selection == Selection.best
    assert config.optimizer.head_lr_times == 1


def test_the_config_file_of_an_older_run_is_read_alike() -> None:
    plain = OmegaConf.to_container(OmegaConf.create(older()))
    assert as_of_today(plain)["head"]["decode"] == Decode.argmax


@pytest.mark.parametrize(("rate", "times"), [(None, 1.0), (1.0, 4.0)])
def test_the_heads_rate_of_an_older_run_becomes_a_multiple(rate: object, times: float) -> None:
    found = older()
    found["optimizer"] = {**found["optimizer"], "head_lr": rate}  # type: ignore[dict-item]
    assert to_config(found, TrainConfig).optimizer.head_lr_times == times


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["head.probe_sentences=0"], r"head\.probe_sentences: is 0; at least 1"),
        (["average_epochs=0"], r"average_epochs: is 0; at least 1"),
        (["mixing=to_targets", "mixing.start=0"], r"mixing\.start: is 0\.0; above 0"),
        (["mixing=to_targets", "mixing.end=1.5"], r"mixing\.end: is 1\.5; above 0, and at most 1"),
        (["mixing=to_targets", "mixing.base=annealed"], r"mixing\.base: is annealed; one of"),
    ],
)
def test_values_that_can_not_be_used_are_refused(overrides: list[str], message: str) -> None:
    shared = ["finetune=mtl", "finetune.auxiliaries=[demo_chemical]"]
    with pytest.raises(ConfigError, match=message):
        train_config(TARGET, *shared, *overrides)
