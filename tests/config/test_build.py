"""`_target_` is built, and a key that it does not take is named."""

from collections.abc import Callable
from fractions import Fraction
from numbers import Rational
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from torch import nn

from bioner.config.build import build
from bioner.config.optimizer import OptimizerConfig
from bioner.config.train import TrainConfig
from bioner.errors import ConfigError
from bioner.model.heads import make_head
from bioner.model.module import TaggingModule
from bioner.model.weighting import EqualWeighting
from bioner.tracking.loggers import open_logger
from bioner.train.assembly import make_trainer
from bioner.train.hardware_check import check_hardware
from tests.composition import train_config


def test_builds_with_given_arguments_winning() -> None:
    made = build("x", Fraction, {"_target_": "fractions.Fraction", "numerator": 1}, denominator=3)
    assert str(made) == "1/3"
    assert isinstance(build("x", Rational, {"_target_": "fractions.Fraction"}), Fraction)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"_target_": "fractions.Fractoin"}, "trainer._target_: no 'fractions.Fractoin'"),
        ({"_target_": "no_such_module.X"}, "trainer._target_: no 'no_such_module.X'"),
        ({"_target_": "nodots"}, "trainer._target_: no 'nodots'"),
        ({"_target_": "os.system", "command": "exit"}, "trainer._target_: 'os.system' is no Frac"),
        ({"_target_": "decimal.Decimal"}, "is no Fraction; fractions.Fraction, or a subclass"),
        ({"_target_": "fractions.Fraction", "numerater": 1}, "did you mean numerator"),
        ({"_target_": "fractions.Fraction", "numerator": "x"}, "refuses its values"),
    ],
)
def test_refused(config: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        build("trainer", Fraction, config)
    assert message in str(caught.value)


def no_class(kind: str) -> str:
    """What must not be called: it would build what is asked for."""
    raise AssertionError(f"built for a {kind}")


@pytest.mark.parametrize(
    ("key", "kind", "make"),
    [
        ("head", "Head", lambda c: make_head(c.head, 4, ("O", "B-X", "I-X"))),
        ("optimizer", "Optimizer", lambda c: optimizers(c.optimizer)),
        ("trainer", "Trainer", check_hardware),
        ("trainer", "Trainer", lambda c: make_trainer(c, [], Path(), None)),
        ("logger", "Logger", lambda c: open_logger(c, Path())),
    ],
)
@pytest.mark.parametrize(
    "target", [f"{__name__}.no_class", "subprocess.Popen", "torch.nn.Linear", "torch.load"]
)
def test_each_group_builds_its_own_kind(
    key: str, kind: str, make: Callable[[TrainConfig], object], target: str
) -> None:
    config = train_config("finetune.targets=[demo_disease]", f"{key}._target_={target}")
    with pytest.raises(ConfigError, match=rf"^{key}\._target_: '{target}' is no {kind}; "):
        make(config)


def optimizers(config: OptimizerConfig) -> object:
    network: Any = SimpleNamespace(heads=nn.Linear(1, 1), encoder=nn.Linear(1, 1))
    module = TaggingModule(network, {}, EqualWeighting(["a"]), config, steps=1, seed=1)
    return module.configure_optimizers()
