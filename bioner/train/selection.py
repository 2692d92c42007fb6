"""Keeps the best devel step: encoder and heads together."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytorch_lightning as pl

from bioner.model.module import TaggingModule
from bioner.runs.record import Best


class KeepBest(pl.Callback):
    """After each epoch, saves the weights of every group whose mean devel F1 rose.

    Args:
        groups: the tasks that are selected together, under the group's name.
        folder: where `GROUP.safetensors` are written.
    """

    def __init__(self, groups: Mapping[str, Sequence[str]], folder: Path) -> None:
        self._groups, self._folder = groups, folder
        self.best: dict[str, Best] = {}

    def file(self, group: str) -> Path:
        """Return where the best weights of a group are."""
        return self._folder / f"{group}.safetensors"

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Compare and save."""
        assert isinstance(pl_module, TaggingModule)
        for group, tasks in self._groups.items():
            f1 = sum(pl_module.devel_f1[task] for task in tasks) / len(tasks)
            if group in self.best and f1 <= self.best[group].f1:
                continue
            self.best[group] = Best(trainer.global_step, trainer.current_epoch + 1, f1)
            if trainer.is_global_zero:
                pl_module.network.save(self.file(group), tasks)

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint keeps."""
        return {group: asdict(best) for group, best in self.best.items()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a checkpoint."""
        self.best = {group: Best(**best) for group, best in state_dict.items()}
