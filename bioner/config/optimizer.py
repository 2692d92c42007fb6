"""The typed schema of the optimiser."""

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from omegaconf import MISSING, DictConfig, OmegaConf

from bioner.config.effects import STAGE, made, value
from bioner.errors import ConfigError


class Decay(StrEnum):
    """The learning rate after the warm-up."""

    linear = "linear"
    constant = "constant"


@dataclass
class OptimizerConfig:
    """The optimiser, its learning rates and their schedule.

    Attributes:
        _target_: the class of the optimiser.
        lr: peak learning rate of the encoder.
        head_lr_times: peak learning rate of the heads, as a multiple of `lr`.
        warmup: share of the steps in which the rate rises from 0.
        weight_decay: how much of itself each weight loses, times the rate.
        decay: how the rate falls after that.
        clip: largest norm of the gradient.
        options: handed to `_target_` as they are.
    """

    _target_: str = value(MISSING, STAGE)
    lr: float = value(MISSING, STAGE)
    head_lr_times: float = value(1.0, STAGE, neutral=1.0)
    weight_decay: float = value(0.0, STAGE)
    warmup: float = value(0.0, STAGE)
    decay: Decay = value(Decay.linear, STAGE)
    clip: float = value(1.0, STAGE)
    options: dict[str, Any] = made(dict, STAGE)


def check_rate_is_given(cfg: DictConfig) -> None:
    """Check that the encoder has a learning rate, where the optimiser takes that.

    Raises:
        ConfigError: it has none.
    """
    if OmegaConf.is_interpolation(cfg.optimizer, "lr") and cfg.encoder.lr is None:
        legal = "encoder.lr in the encoder's YAML, or optimizer.lr"
        raise ConfigError("encoder.lr", "is not given, and optimizer.lr takes it", legal)


def check_optimizer(optimizer: OptimizerConfig) -> None:
    """Check the rates and what else is a number.

    Raises:
        ConfigError: one of them is outside what makes sense.
    """
    for name, rate in (("lr", optimizer.lr), ("head_lr_times", optimizer.head_lr_times)):
        if not (math.isfinite(rate) and rate > 0):
            raise ConfigError(f"optimizer.{name}", f"is {rate}", "a finite number above 0")
    for name, found, highest in (
        ("weight_decay", optimizer.weight_decay, math.inf),
        ("warmup", optimizer.warmup, 1.0),
    ):
        if not (math.isfinite(found) and 0 <= found < highest):
            raise ConfigError(f"optimizer.{name}", f"is {found}", f"a number in [0, {highest})")
    if not (math.isfinite(optimizer.clip) and optimizer.clip > 0):
        raise ConfigError("optimizer.clip", f"is {optimizer.clip}", "a finite number above 0")
