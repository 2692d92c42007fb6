"""What a machine lacks is said before a run opens anything."""

from typing import Any

import pytest
import pytorch_lightning as pl
import torch

from bioner.errors import ConfigError
from bioner.train.hardware_check import check_hardware
from tests.composition import train_config

TARGET = "finetune.targets=[demo_disease]"


@pytest.mark.parametrize(
    ("overrides", "says"),
    [
        pytest.param(
            ["trainer.accelerator=gpu"],
            "trainer: No supported gpu backend",
            marks=pytest.mark.skipif(torch.cuda.is_available(), reason="there is one"),
        ),
        (
            ["trainer.accelerator=gpuu", "trainer.precision=32-true"],
            "trainer: .* invalid accelerator name",
        ),
        (["trainer.precision=17"], "trainer: .* Precision '17' is invalid"),
        (
            ["trainer.accelerator=cpu", "trainer.precision=16-mixed"],
            "trainer.precision: is 16-mixed, which this machine lacks; bf16-mixed, 32-true or auto",
        ),
    ],
)
def test_what_is_not_to_be_had(overrides: list[str], says: str) -> None:
    with pytest.raises(ConfigError, match=says) as caught:
        check_hardware(train_config(TARGET, *overrides))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("precision", ["auto", "32-true", "bf16-mixed", "64-true"])
def test_what_a_cpu_has(precision: str) -> None:
    given = ["trainer.accelerator=cpu", f"trainer.precision={precision}"]
    check_hardware(train_config(TARGET, *given))


class Watched(pl.Trainer):
    """A trainer of one's own, with a callback more."""

    def __init__(self, *, callbacks: list[pl.Callback], **options: Any) -> None:
        super().__init__(callbacks=[*callbacks, pl.Callback()], **options)


def test_a_trainer_of_ones_own_gets_what_a_stage_gives_it() -> None:
    own = f"trainer._target_={__name__}.Watched"
    check_hardware(train_config(TARGET, own, "trainer.precision=32-true"))
