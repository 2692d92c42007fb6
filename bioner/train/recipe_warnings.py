"""What of a recipe is unlikely to go well, said when it can be seen."""

import logging

import pytorch_lightning as pl

from bioner.config.train import TrainConfig
from bioner.model.module import TaggingModule

log = logging.getLogger(__name__)

# Times the encoder's own rate, above which a rate is said to be high.
_HIGH_RATE = 5.0
# Fewer updates of a stage are said to be few.
FEW_UPDATES = 500
# The part of a stage after which devel should have had a mention.
_UNTIL_COLLAPSED = 0.1


def warn_of_rate(config: TrainConfig) -> None:
    """Say it where the learning rate is far above what the encoder's papers use."""
    own, rate = config.encoder.lr, config.optimizer.lr
    if own is not None and config.encoder.adapter.kind is None and rate > _HIGH_RATE * own:
        log.warning(
            "optimizer.lr=%g is %.1f times the %g of encoder.lr: high for this encoder",
            rate,
            rate / own,
            own,
        )


def warn_of_few_updates(stage: str, updates: int) -> None:
    """Say it where a stage is short."""
    if updates < FEW_UPDATES:
        log.warning(
            "%s: %d updates are few (fewer than %d): more epochs or smaller batches "
            "(batch.sentences) may give more",
            stage,
            updates,
            FEW_UPDATES,
        )


class CollapseWatch(pl.Callback):
    """Warns once where a tenth of a stage is over and no mention of devel is predicted.

    Attributes:
        steps: updates of the stage.
    """

    def __init__(self) -> None:
        self.steps, self._said = 0, False

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Look at what was counted."""
        assert isinstance(pl_module, TaggingModule)
        if self._said or trainer.global_step < _UNTIL_COLLAPSED * self.steps:
            return
        self._said = True
        for task, scores in pl_module.devel.items():
            if scores.support and not scores.predicted:
                log.warning(
                    "%s: no devel mention is predicted after %d of %d updates; head.start=probe, "
                    "smaller batches, another optimizer.lr or optimizer.head_lr_times, or more of "
                    "this task in the mixing may help",
                    task,
                    trainer.global_step,
                    self.steps,
                )
