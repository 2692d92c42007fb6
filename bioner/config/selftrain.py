"""The typed schema of self-training, the stage after fine-tuning, and its checks."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import ClassVar, Self

from bioner.config.effects import STAGE, value
from bioner.config.per_stage import StageConfig
from bioner.errors import ConfigError


class Selftraining(StrEnum):
    """What a student is told of text without labels.

    `soft`: how probable its teacher finds each tag of each word.
    """

    none = "none"
    soft = "soft"


@dataclass
class SelftrainConfig(StageConfig):
    """The stage in which the run's own networks label text for a student.

    It trains on the datasets of fine-tuning, in the same roles and sizes.

    Attributes:
        kind: none, or what the student is told of a word without a label.
        text: null: the train sentences that `finetune.train_size` leaves out; or a file or folder
            of plain text (a text on each line), JSON Lines or PubTator.
        confidence: a word counts where the probability of its best tag is at least this.
        rounds: how many; the teacher of a round is the student of the one before it.
        epochs: passes over the targets; null where `steps` is given.
        steps: updates; null where `epochs` is given.
        patience: epochs without a better devel F1, of any target, after which the stage ends;
            null: it never does.
    """

    kind: Selftraining = value(Selftraining.none, STAGE)
    text: str | None = value(None, STAGE)
    confidence: float = value(0.9, STAGE)
    rounds: int = value(1, STAGE)
    epochs: int | None = value(10, STAGE)
    steps: int | None = value(None, STAGE)
    patience: int | None = value(None, STAGE)

    trains_as: ClassVar[str | None] = "finetune"

    @property
    def left_out(self) -> bool:
        """Whether fine-tuning is the last stage."""
        return self.kind == Selftraining.none

    @property
    def times(self) -> int:
        """The rounds."""
        return self.rounds

    def without(self) -> Self:
        """Return the group with which fine-tuning is the last stage."""
        return replace(self, kind=Selftraining.none, text=None)


def check_selftraining(stage: SelftrainConfig, looks: Mapping[str, int | None]) -> None:
    """Check the values of the stage, but its budget.

    Args:
        stage: its group.
        looks: what fine-tuning is to look at, which is kept of a last stage alone.

    Raises:
        ConfigError: a value that can't be used, with its full key.
    """
    if stage.kind == Selftraining.none:
        if stage.text is not None:
            found = f"is given, but selftrain={stage.kind}"
            raise ConfigError("selftrain.text", found, "add selftrain=soft")
        return
    if not 0 <= stage.confidence < 1:
        found = f"is {stage.confidence}"
        raise ConfigError("selftrain.confidence", found, "a number from 0 to below 1")
    for name, every in looks.items():
        if every is not None:
            found = f"is {every}, but fine-tuning is not the last stage (selftrain={stage.kind})"
            raise ConfigError(f"finetune.{name}", found, "selftrain=none, or null")
    if stage.rounds < 1:
        raise ConfigError("selftrain.rounds", f"is {stage.rounds}", "at least 1")
