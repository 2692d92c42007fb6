"""A trainer that ends its process after the first update, and says what it took until then."""

import os
import resource
from typing import Any

import pytorch_lightning as pl


class _Ends(pl.Callback):
    def on_train_batch_end(self, *_: Any) -> None:
        print(f"first update: {resource.getrusage(resource.RUSAGE_SELF).ru_utime}", flush=True)
        os._exit(0)


class Trainer(pl.Trainer):
    """Lightning's, but for the end."""

    def __init__(self, *, callbacks: list[pl.Callback], **options: Any) -> None:
        super().__init__(callbacks=[*callbacks, _Ends()], **options)
