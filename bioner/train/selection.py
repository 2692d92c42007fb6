"""Keeps the selected weights of a training: encoder and heads together."""

import logging
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from torch import Tensor

from bioner.config.train import Selection
from bioner.model.averaging import WeightAverage
from bioner.model.f1_error import mean_f1_error
from bioner.model.module import TaggingModule
from bioner.runs.percent import percent, points
from bioner.runs.scores import mean_known
from bioner.runs.stage_record import Best, Look

log = logging.getLogger(__name__)


class KeepSelected(pl.Callback):
    """Saves the weights of every group of tasks, after the epochs in which they are selected.

    Args:
        groups: the tasks that are selected together, under the group's name.
        folder: where `GROUP.safetensors` are written.
        how: which weights are selected.
        epochs: whose weights an average takes, the last ones.

    Attributes:
        best: for each group the step that is selected so far, with the devel F1 of its weights.
        looks: at devel, so far.
    """

    def __init__(
        self,
        groups: Mapping[str, Sequence[str]],
        folder: Path,
        how: Selection = Selection.best,
        epochs: int = 1,
    ) -> None:
        self._groups, self._folder, self._how, self._epochs = groups, folder, how, epochs
        self._average = WeightAverage()
        self._own: dict[str, Tensor] = {}
        self.best: dict[str, Best] = {}
        self.looks: list[Look] = []

    def file(self, group: str) -> Path:
        """Return where the selected weights of a group are."""
        return self._folder / f"{group}.safetensors"

    def on_validation_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Let the last look at devel be one at the average, if that is what is selected."""
        assert isinstance(pl_module, TaggingModule)
        if self._how == Selection.average and _left(trainer) == 0:
            whole = deepcopy(self._average)
            whole.add(pl_module.network)
            self._own = whole.swap(pl_module.network)

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Compare and save."""
        assert isinstance(pl_module, TaggingModule)
        last = _left(trainer) == 0
        devel = {name: one.f1 if one.support else None for name, one in pl_module.devel.items()}
        self.looks.append(Look(trainer.global_step, devel))
        for group, tasks in self._groups.items():
            scores = [one for task in tasks if (one := pl_module.devel[task]).support]
            f1 = mean_known(one.f1 for one in scores)
            if self._better(group, f1) if self._how == Selection.best else last:
                step, epoch = trainer.global_step, trainer.current_epoch + 1
                error = mean_f1_error(scores) if scores else None
                self.best[group] = Best(step, epoch, f1, error)
                if trainer.is_global_zero:
                    pl_module.network.save(self.file(group), tasks)
            if last and f1 is not None:
                self._look_if_unsure(group, f1, sum(one.support for one in scores))
        if self._own:
            self._average.put(pl_module.network, self._own)
            self._own = {}
        elif self._how == Selection.average and _left(trainer) < self._epochs:
            self._average.add(pl_module.network)

    def _look_if_unsure(self, group: str, last: float, mentions: int) -> None:
        """Say and keep it where devel is too small for the choice of the epoch to mean anything."""
        best = self.best[group]
        if best.f1 is None or best.f1_error is None:
            return
        lead, error = best.f1 - last, best.f1_error
        if not 0 < lead < error:
            return
        self.best[group] = replace(best, unsure=True)
        log.warning(
            "%s: epoch %d was selected for a devel F1 %s above that of the last one; with %d "
            "devel mentions the standard error is %s (selection=last or average, or a larger "
            "devel_size, may be better)",
            group,
            best.epoch,
            points(lead),
            mentions,
            percent(error),
        )

    def _better(self, group: str, f1: float | None) -> bool:
        """Say whether a devel F1 is above that of the step which is selected so far.

        Without a mention there is no F1, and nothing to select by: then the later step is taken.
        """
        best = self.best[group].f1 if group in self.best else None
        return f1 is None or best is None or f1 > best

    def on_save_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Keep the module's own weights, also while the average is in their place."""
        if not self._own:
            return
        assert isinstance(pl_module, TaggingModule)
        network = pl_module.network
        average = self._average.copied(network)
        self._average.put(network, self._own)
        for name, weight in network.state_dict().items():
            checkpoint["state_dict"][f"network.{name}"] = weight.clone()
        self._average.put(network, average)

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint keeps."""
        kept: dict[str, Any] = {group: asdict(best) for group, best in self.best.items()}
        looks = [asdict(look) for look in self.looks]
        return {"best": kept, "looks": looks, "average": self._average.state_dict()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a checkpoint."""
        self.best = {group: Best(**best) for group, best in state_dict["best"].items()}
        self.looks = [Look(**look) for look in state_dict["looks"]]
        self._average.load_state_dict(state_dict["average"])


def _left(trainer: pl.Trainer) -> int:
    """Return the epochs after the present one."""
    assert trainer.max_epochs is not None
    return trainer.max_epochs - trainer.current_epoch - 1
