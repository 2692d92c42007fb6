"""Lightning's Trainer with one more callback, which keeps the rounds."""

from typing import Any

import pytorch_lightning as pl
import rounds


class Paced(pl.Callback):
    """Keeps the rounds.

    Attributes:
        line: to the benchmark; bioner makes the trainer, so it can't be handed over.
    """

    line: rounds.Rounds

    def on_train_epoch_start(self, *_: Any) -> None:
        """Begin a round."""
        self.line.begin()

    def on_train_batch_end(self, *_: Any) -> None:
        """Count an update."""
        self.line.done()


class Trainer(pl.Trainer):
    """The trainer that `trainer._target_` names."""

    def __init__(self, *, callbacks: list[pl.Callback], **options: Any) -> None:
        super().__init__(callbacks=[*callbacks, Paced()], **options)
