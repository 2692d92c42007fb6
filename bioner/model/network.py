"""The network: one encoder and the heads of some tasks. All that trains or predicts has one."""

import logging
from collections.abc import Iterable
from pathlib import Path

from torch import Tensor, nn

from bioner.batches.batch import Batch
from bioner.config.train import Carry
from bioner.errors import UserError
from bioner.model.bank import HeadBank
from bioner.model.encoder import Encoder
from bioner.model.task_tokens import is_marker
from bioner.model.weights import Weights, save_weights

log = logging.getLogger(__name__)

_ANOTHER = "it is of another encoder or head than this run's config names"


class Network(nn.Module):
    """From a batch of one task to its loss, its tags and their probabilities.

    Weights have the names of their tensors here, `encoder.…` and `heads.…`, on disk too.

    Args:
        encoder: of all tasks.
        bank: of their heads.

    Attributes:
        encoder: see above.
        bank: see above.
        heads: the modules of the bank.
    """

    def __init__(self, encoder: Encoder, bank: HeadBank) -> None:
        super().__init__()
        self.encoder, self.bank = encoder, bank
        self.heads = bank.parts

    def loss(self, batch: Batch) -> Tensor:
        """Return the loss of the batch's gold tags, a scalar with a graph; 0 without a word.

        Where a teacher speaks in their place it is the cross-entropy with what it says.
        """
        return self.loss_of(self.encoder(batch, to_learn=True), batch)

    def loss_of(self, vectors: Tensor, batch: Batch) -> Tensor:
        """Return what `loss` does, of the vectors that the encoder gives the batch to learn by."""
        said = batch.tags if batch.soft is None else batch.soft
        lengths = batch.words
        if self.encoder.every_piece:  # each says what its word is
            said, lengths = said.repeat_interleave(batch.count, 0), batch.sentence_pieces
        if batch.soft is not None:
            return self.bank.soft_loss(batch.task, vectors, lengths, said)
        return self.bank.loss(batch.task, vectors, lengths, said)

    def units(self, batch: Batch) -> int:
        """Return how many a batch's loss is the mean of: its words, or their pieces."""
        return int(batch.count.sum()) if self.encoder.every_piece else len(batch.tags)

    def decode(self, batch: Batch) -> Tensor:
        """Return the best tag of each word, Long [words]."""
        return self.bank.decode(batch.task, self.encoder(batch), batch.words)

    def marginals(self, batch: Batch) -> Tensor:
        """Return the probability of each tag at each word, Float [words, tags of the task]."""
        return self.bank.marginals(batch.task, self.encoder(batch), batch.words)

    def own(self, task: str) -> list[nn.Parameter]:
        """Return the trained parameters that no other task needs."""
        return [p for p in self.bank.own(task) if p.requires_grad]

    def shared(self) -> list[nn.Parameter]:
        """Return the trained parameters that are no task's own."""
        owned = {p for task in self.bank.tags for p in self.bank.own(task)}
        return [p for p in self.parameters() if p.requires_grad and p not in owned]

    def save(self, path: Path, tasks: Iterable[str]) -> None:
        """Write the encoder and what these tasks need of the heads."""
        tags = self.bank.together(tasks)
        own = self.state_dict()
        tensors = {name: own[name] for name in self._names(tags)}
        save_weights(path, tensors, tags, self.encoder.base)

    def load(self, weights: Weights) -> None:
        """Put weights in, of the encoder and of the tasks that they are of.

        Raises:
            UserError: a tensor is lacking, or one that the network does not have, or has in
                another shape; or they belong to other pretrained files.
        """
        self._check_base(weights)
        lacking = [n for n in self._names(weights.tags) if n not in weights.tensors]
        if lacking:
            raise UserError(f"{weights.file}: lacks {len(lacking)} tensors, e.g. {lacking[0]}")
        self._copy(weights.tensors, weights.file)

    def carry(self, weights: Weights, what: Carry) -> dict[str, Tensor | None]:
        """Start from an earlier stage's weights; log every tensor carried, skipped or fresh.

        Returns:
            The tasks that have a head, or a part of it, which starts anew, with the tags whose
            rows do not, Bool [tags]; None where all do.

        Args:
            weights: what the earlier stage selected.
            what: the encoder alone, or heads too, as the bank does it.

        Raises:
            UserError: an encoder tensor that only one side has, or of another shape; or they
                belong to other pretrained files.
        """
        self._check_base(weights)
        heads = self.bank.carry(weights.below("heads"), weights.tags, what)
        own = self.state_dict()
        encoder = {n: t for n, t in weights.tensors.items() if n.startswith("encoder.")}
        others = [n for n in encoder if is_marker(n) and n not in own]  # of tasks that are not here
        carried = {n: t for n, t in encoder.items() if n not in others}
        carried |= {f"heads.{name}": tensor for name, tensor in heads.tensors.items()}
        fresh = [name for name in own if name not in carried]
        needed = {f"encoder.{name}" for name in self.encoder.names(self.bank.tags)}
        lacking = [n for n in fresh if n in needed and not is_marker(n)]
        if lacking:
            found = f"lacks {len(lacking)} tensors of this run's encoder: {', '.join(lacking[:5])}"
            raise UserError(f"{weights.file}: {found}; {_ANOTHER}")
        self._copy(carried, weights.file)
        skipped = others + [
            f"heads.{name}" for name in weights.below("heads") if name not in heads.used
        ]
        log.info("carried %d, skipped %d, fresh %d tensors", len(carried), len(skipped), len(fresh))
        for word, names in (("carried", list(carried)), ("skipped", skipped), ("fresh", fresh)):
            log.debug("%s: %s", word, ", ".join(names) or "(none)")
        return {
            task: heads.rows.get(task)
            for task in self.bank.tags
            if task in heads.rows or {*self.bank.names([task])} - {*heads.tensors}
        }

    def _check_base(self, weights: Weights) -> None:
        base = self.encoder.base
        if weights.base is not None and base is not None and weights.base != base:
            found = "is an adapter of other pretrained files than this run's encoder has"
            raise UserError(f"{weights.file}: {found}; {_ANOTHER}")

    def _names(self, tasks: Iterable[str]) -> list[str]:
        """Return the names of all tensors that these tasks need; a strange task needs none."""
        known = [task for task in tasks if task in self.bank.tags]
        encoder = [f"encoder.{name}" for name in self.encoder.names(known)]
        return encoder + [f"heads.{name}" for name in self.bank.names(known)]

    def _copy(self, tensors: dict[str, Tensor], file: Path) -> None:
        own = self.state_dict()
        for name, tensor in tensors.items():
            if name not in own:
                raise UserError(f"{file}: holds {name}, which this run does not have; {_ANOTHER}")
            if own[name].shape != tensor.shape:
                shapes = f"of shape {list(tensor.shape)}, expected {list(own[name].shape)}"
                raise UserError(f"{file}: holds {name} {shapes}; {_ANOTHER}")
        self.load_state_dict(tensors, strict=False)
