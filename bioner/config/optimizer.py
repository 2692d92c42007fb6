"""The typed schema of the optimiser."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from omegaconf import MISSING

from bioner.config.effects import STAGE, made, value


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
