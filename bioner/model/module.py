"""The LightningModule: one shared encoder, a head per task, one optimiser."""

from collections.abc import Mapping

import pytorch_lightning as pl
import torch
from pytorch_lightning.utilities.types import OptimizerLRSchedulerConfig
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR

from bioner.batches.batch import Batch
from bioner.config.build import build
from bioner.config.train import Decay, OptimizerConfig
from bioner.model.encoder import Encoder
from bioner.model.heads import Head
from bioner.model.metric import EntityCounts


def rate(step: int, steps: int, warmup: float, decay: Decay) -> float:
    """Return the share of the peak learning rate at a step: a linear rise, then the decay."""
    rise = max(1, round(warmup * steps))
    if step < rise and warmup > 0:
        return (step + 1) / rise
    if decay == Decay.constant:
        return 1.0
    rise = rise if warmup > 0 else 0
    return max(0.0, (steps - step) / max(1, steps - rise))


class TaggingModule(pl.LightningModule):
    """Trains the encoder and the heads of a stage, and counts entities on devel.

    Args:
        encoder: shared by all tasks.
        heads: one for each task.
        types: the entity types of each task that is scored.
        weighting: maps a task and its loss to what is minimised.
        optimizer: rates and schedule.
        steps: updates of the whole stage, for the schedule.
        seed: with the step's number it determines the dropout of each update, so that a run
            that goes on from a checkpoint draws what it would have drawn.
    """

    def __init__(
        self,
        encoder: Encoder,
        heads: Mapping[str, Head],
        types: Mapping[str, tuple[str, ...]],
        weighting: nn.Module,
        optimizer: OptimizerConfig,
        steps: int,
        seed: int,
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.heads = nn.ModuleDict(heads)
        self._heads = dict(heads)
        self._counts = {task: EntityCounts(names) for task, names in types.items()}
        self.counts = nn.ModuleDict(self._counts)
        self.weighting = weighting
        self.devel_f1: dict[str, float] = {}
        self.words_seen = 0
        self._optimizer, self._steps, self._seed = optimizer, steps, seed

    def on_train_batch_start(self, batch: Batch, batch_idx: int) -> None:
        """Free the last gradients, and make the update a function of the seed and the step alone.

        Lightning frees them after the forward pass, whose peak of memory they would add to.
        """
        self.zero_grad()
        torch.manual_seed((self._seed << 32) + self.global_step)

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Return the loss of one single-task batch."""
        loss = self._heads[batch.task].loss(self.encoder(batch), batch.words, batch.tags)
        self.words_seen += len(batch.tags)
        size = len(batch.words)
        self.log(f"train/{batch.task}/loss", loss, batch_size=size)
        self.log("loss", loss, prog_bar=True, logger=False, batch_size=size)
        return self.weighting(batch.task, loss * self._share(len(batch.tags)))

    def _share(self, words: int) -> float:
        """Return the factor that makes the mean over processes the mean over all their words."""
        if self.trainer.world_size == 1:
            return 1.0
        every = torch.tensor(float(words), device=self.device)
        torch.distributed.all_reduce(every)
        return words * self.trainer.world_size / max(1.0, float(every))

    def predict_tags(self, batch: Batch) -> Tensor:
        """Return a tag id for every word of the file, lost ones included. Shape: [all words]."""
        head = self._heads[batch.task]
        return batch.expand(head.decode(self.encoder(batch), batch.words))

    def predict_step(self, batch: Batch, batch_idx: int) -> tuple[Tensor, Tensor, Tensor]:
        """Return the sentences' positions, their numbers of words and the words' tag ids."""
        return batch.index, batch.lengths, self.predict_tags(batch)

    def validation_step(self, batch: Batch, batch_idx: int, dataloader_idx: int = 0) -> None:
        """Count the entities of one devel batch."""
        self._counts[batch.task].update(self.predict_tags(batch), batch.gold, batch.lengths)

    def on_validation_epoch_end(self) -> None:
        """Log devel F1 of each scored task."""
        for task, counts in self._counts.items():
            scores = counts.compute()
            counts.reset()
            self.devel_f1[task] = scores.f1
            for name in ("precision", "recall", "f1"):
                self.log(f"devel/{task}/{name}", getattr(scores, name), rank_zero_only=True)

    def configure_gradient_clipping(
        self,
        optimizer: Optimizer,
        gradient_clip_val: float | None = None,
        gradient_clip_algorithm: str | None = None,
    ) -> None:
        """Clip the norm of all gradients.

        Lightning refuses to with a fused optimiser in any mixed precision, though only that of
        float16 scales the gradients.
        """
        if self.trainer.precision == "bf16-mixed":
            nn.utils.clip_grad_norm_(self.parameters(), gradient_clip_val or torch.inf)
        else:
            super().configure_gradient_clipping(
                optimizer, gradient_clip_val, gradient_clip_algorithm
            )

    def configure_optimizers(self) -> OptimizerLRSchedulerConfig:
        """Encoder and heads with their own rates; no decay on biases and norms, as BERT does."""
        config = self._optimizer
        head_lr = config.lr if config.head_lr is None else config.head_lr
        groups = []
        for lr, modules in ((config.lr, [self.encoder]), (head_lr, [self.heads, self.weighting])):
            named = [(m, p) for module in modules for m, p in _parameters(module)]
            for decayed in (True, False):
                chosen = [p for flag, p in named if flag == decayed]
                decay = config.weight_decay if decayed else 0.0
                if chosen:
                    groups.append({"params": chosen, "lr": lr, "weight_decay": decay})
        optimizer = build(
            "optimizer",
            {"_target_": config._target_, **config.options},
            params=groups,
            lr=config.lr,
        )
        schedule = LambdaLR(
            optimizer, lambda step: rate(step, self._steps, config.warmup, config.decay)
        )
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": schedule, "interval": "step"},
        }


def _parameters(module: nn.Module) -> list[tuple[bool, nn.Parameter]]:
    """Return each trained parameter with whether weight decay applies: matrices only."""
    return [(p.ndim >= 2, p) for p in module.parameters() if p.requires_grad]
