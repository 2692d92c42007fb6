"""The LightningModule: one network, one weighting, one optimiser."""

from collections.abc import Mapping
from functools import reduce

import pytorch_lightning as pl
import torch
from pytorch_lightning.utilities.types import OptimizerLRSchedulerConfig
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR

from bioner.batches.batch import Batch, Update
from bioner.config.build import build_with_options
from bioner.config.optimizer import Decay, OptimizerConfig
from bioner.errors import DivergedError
from bioner.model.accumulating import loss_of_parts, parts_of_tasks
from bioner.model.metric import EntityCounts
from bioner.model.network import Network
from bioner.model.weighting import TaskWeighting
from bioner.runs.scores import EntityScores


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
    """Trains the network of a stage, and counts entities on devel.

    Args:
        network: of the stage's tasks.
        types: the entity types of each task that is scored.
        weighting: turns an update's losses into gradients.
        optimizer: rates and schedule.
        steps: updates of the whole stage, for the schedule.
        mixed: whether an update is one batch of several tasks: each loss then counts as its words
            do among those of the update.
        seed: with the step's number it determines the dropout of each update, so that a run
            that goes on from a checkpoint draws what it would have drawn.
    """

    def __init__(
        self,
        network: Network,
        types: Mapping[str, tuple[str, ...]],
        weighting: TaskWeighting,
        optimizer: OptimizerConfig,
        steps: int,
        seed: int,
        mixed: bool = False,
    ) -> None:
        super().__init__()
        self.network = network
        self._counts = {task: EntityCounts(names) for task, names in types.items()}
        self.counts = nn.ModuleDict(self._counts)
        self.weighting = weighting
        self.devel: dict[str, EntityScores] = {}
        self.words_seen = 0
        self._losses: dict[str, Tensor] = {}
        self._last_loss: Tensor | None = None
        self._optimizer, self._steps, self._seed = optimizer, steps, seed
        self._mixed = mixed

    def on_train_batch_start(self, batch: Update, batch_idx: int) -> None:
        """Free the last gradients, and make the update a function of the seed and the step alone.

        Lightning frees them after the forward pass, whose peak of memory they would add to.

        Raises:
            DivergedError: the loss of the update before is no number.
        """
        self._check_last_loss()
        self.zero_grad()
        self._seed_generators((self._seed << 32) + self.global_step)

    def _seed_generators(self, seed: int) -> None:
        """Seed the generators that an update draws from, as `torch.manual_seed` would.

        That also queues the seed for each kind of device that is not in use, each time with a
        formatted trace of the stack.
        """
        torch.default_generator.manual_seed(seed)
        if self.device.type != "cpu":
            torch.get_device_module(self.device).manual_seed(seed)

    def training_step(self, batch: Update, batch_idx: int) -> Tensor:
        """Return the combined loss of an update's batches, or of their parts."""
        parts = parts_of_tasks(batch)
        plain = {kind: loss_of_parts(self.network, own, batch[-1]) for kind, own in parts.items()}
        units = [sum(map(self.network.units, own)) for own in parts.values()]
        factors = self._shares(units)
        self.words_seen += sum(len(one.tags) for one in batch)
        for kind, own in parts.items():
            sentences = sum(len(one.words) for one in own)
            self.log(f"train/{kind.task}/{kind.loss}", plain[kind], batch_size=sentences)
        together = reduce(torch.add, plain.values())
        size = sum(len(one.words) for one in batch)
        self.log("loss", together, prog_bar=True, logger=False, batch_size=size)
        self._last_loss = self._over_processes(together.detach())
        self._losses = {}
        for (kind, loss), factor in zip(plain.items(), factors, strict=True):
            mine = loss * factor  # and that of a teacher's batch beside it
            before = self._losses.get(kind.task)
            self._losses[kind.task] = mine if before is None else before + mine
        return self.weighting.combine(self._losses)

    def _shares(self, units: list[int]) -> list[float]:
        """Return the factors that make the means over processes the means over all their words.

        Where an update is mixed, the sum is then the mean over all words of the update.

        Args:
            units: words, or pieces, of each loss of the update, in this process.
        """
        processes = self.trainer.world_size
        if processes == 1 and not self._mixed:
            return [1.0] * len(units)
        every = torch.tensor(units, dtype=torch.float32, device=self.device)
        if processes > 1:
            torch.distributed.all_reduce(every)
        if self._mixed:
            every = every.sum().expand(len(units))
        return [n * processes / max(1.0, e) for n, e in zip(units, every.tolist(), strict=True)]

    def _over_processes(self, loss: Tensor) -> Tensor:
        """Return the sum over processes: where one is no number, all of them see it."""
        if self.trainer.world_size > 1:
            loss = loss.clone()
            torch.distributed.all_reduce(loss)
        return loss

    def on_validation_start(self) -> None:
        """Look at the loss of the epoch's last update.

        Raises:
            DivergedError: it is no number.
        """
        self._check_last_loss()

    def _check_last_loss(self) -> None:
        """Raise a DivergedError; the loss of the last update is there, so nothing waits for it."""
        loss, self._last_loss = self._last_loss, None
        if loss is not None and not torch.isfinite(loss):
            found = f"the loss is {float(loss)} after update {self.global_step}"
            raise DivergedError(f"{found}; a smaller optimizer.lr, or another precision, may help")

    def backward(self, loss: Tensor) -> None:
        """Let the weighting make the gradients of the update, with the scale of float16, if any.

        Lightning has put the scale into `loss`, and clips and steps afterwards.
        """
        losses, self._losses = self._losses, {}
        scaler = getattr(self.trainer.precision_plugin, "scaler", None)
        if scaler is not None and self.weighting.works_on_gradients:
            self.weighting.scale = scaler.get_scale()
            losses = {task: scaler.scale(one) for task, one in losses.items()}
        self.weighting.backward(loss, losses, self.network)

    def predict_tags(self, batch: Batch) -> Tensor:
        """Return a tag id for every word of the file, lost ones included. Shape: [all words]."""
        return batch.expand(self.network.decode(batch))

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
            self.devel[task] = scores
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
        """Encoder and heads with their own rates; no decay on biases, norms and embeddings."""
        config = self._optimizer
        head_lr = config.lr * config.head_lr_times
        groups = []
        heads = [self.network.heads, self.weighting]
        for lr, modules in ((config.lr, [self.network.encoder]), (head_lr, heads)):
            named = [(m, p) for module in modules for m, p in _parameters(module)]
            for decayed in (True, False):
                chosen = [p for flag, p in named if flag == decayed]
                decay = config.weight_decay if decayed else 0.0
                if chosen:
                    groups.append({"params": chosen, "lr": lr, "weight_decay": decay})
        optimizer = build_with_options("optimizer", Optimizer, config, params=groups, lr=config.lr)
        schedule = LambdaLR(
            optimizer, lambda step: rate(step, self._steps, config.warmup, config.decay)
        )
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": schedule, "interval": "step"},
        }


def _parameters(module: nn.Module) -> list[tuple[bool, nn.Parameter]]:
    """Return each trained parameter with whether weight decay applies: matrices, no embeddings.

    So a piece that no batch holds keeps its embedding, bit for bit, as `UsedRows` relies on.
    """
    embeddings = {one.weight for one in module.modules() if isinstance(one, nn.Embedding)}
    trained = (p for p in module.parameters() if p.requires_grad)
    # The factors of (IA)3 are vectors of shape [n, 1] or [1, n], and rest at 1.
    return [(p.squeeze().ndim >= 2 and p not in embeddings, p) for p in trained]
