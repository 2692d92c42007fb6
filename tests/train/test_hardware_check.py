"""What a machine lacks is said before a run opens anything."""

import pytest
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
