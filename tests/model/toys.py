"""What a user of bioner may write: a head, a weighting of gradients, a shared head, an adapter."""

from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from bioner.config.head import HeadConfig
from bioner.config.train import Carry
from bioner.corpora.tags import tag_set
from bioner.model.adapter import Adapter
from bioner.model.bank import Fit, HeadBank, MakeHead
from bioner.model.carrying import Carried
from bioner.model.heads import Head, LinearHead
from bioner.model.network import Network
from bioner.model.weighting import EqualWeighting

# The config of plain heads.
LINEAR = HeadConfig("bioner.model.heads.LinearHead")


class Sharpened(LinearHead):
    """Its scores are multiplied by a number, so that it is surer of them."""

    def __init__(
        self, hidden: int, tags: Sequence[str], dropout: float = 0.1, sharpness: float = 1.0
    ) -> None:
        super().__init__(hidden, tags, dropout)
        self._sharpness = sharpness

    def emissions(self, words: Tensor) -> Tensor:
        return self._sharpness * super().emissions(words)


class Surgery(EqualWeighting):
    """Gradients that conflict lose what conflicts (Yu et al. 2020, arXiv 2001.06782).

    Args:
        tasks: see `TaskWeighting`.
        strength: the part of what conflicts that they lose.
    """

    def __init__(self, tasks: Sequence[str], strength: float = 1.0) -> None:
        super().__init__(tasks)
        self._strength = strength

    def backward(self, total: Tensor, losses: Mapping[str, Tensor], network: Network) -> None:
        shared = network.shared()
        flat: list[Tensor] = []
        for task, loss in losses.items():
            own = network.own(task)
            found = torch.autograd.grad(loss, [*shared, *own], retain_graph=True)
            for parameter, gradient in zip(own, found[len(shared) :], strict=True):
                parameter.grad = gradient
            flat.append(torch.cat([one.flatten() for one in found[: len(shared)]]))
        kept = sum(self._projected(one, flat) for one in flat)
        assert isinstance(kept, Tensor)
        for parameter, part in zip(shared, kept.split([p.numel() for p in shared]), strict=True):
            parameter.grad = part.view_as(parameter)

    def _projected(self, one: Tensor, every: Sequence[Tensor]) -> Tensor:
        for other in every:
            if other is not one and (conflict := one @ other) < 0:
                one = one - self._strength * conflict / (other @ other) * other
        return one


class OneHead(HeadBank):
    """One linear head over the types of all tasks; a task is given its own types alone."""

    def __init__(
        self, tags: Mapping[str, Sequence[str]], make: MakeHead, config: HeadConfig
    ) -> None:
        super().__init__(tags, make, config)
        types = dict.fromkeys(t[2:] for names in self.tags.values() for t in names[1::2])
        every = tag_set(list(types))
        self.parts["all"] = self._all = make("all", every)
        self._places = {
            task: torch.tensor([every.index(tag) for tag in names])
            for task, names in self.tags.items()
        }

    def head(self, task: str) -> Head:
        places, linear = self._places[task], self._all.linear
        own = LinearHead(linear.in_features, self.tags[task], self._all.dropout.p)
        own.linear.load_state_dict({n: p[places] for n, p in linear.state_dict().items()})
        return own.eval()

    def fits(self) -> list[Fit]:
        return [Fit(self._all, self._places)]

    def names(self, tasks: Iterable[str]) -> list[str]:
        return [f"all.{name}" for name in self._all.state_dict()]

    def own(self, task: str) -> list[nn.Parameter]:
        return []

    def together(self, tasks: Iterable[str]) -> dict[str, tuple[str, ...]]:
        return self.tags

    def carry(
        self, earlier: Mapping[str, Tensor], tags: Mapping[str, tuple[str, ...]], what: Carry
    ) -> Carried:
        return Carried({}, set())

    def loss(self, task: str, words: Tensor, lengths: Tensor, tags: Tensor) -> Tensor:
        return self._all.loss(words, lengths, self._places[task][tags])


class LowRank(Adapter):
    """Adds a product of two narrow matrices to each query (Hu et al. 2021, arXiv 2106.09685)."""

    def __init__(self, rank: int) -> None:
        self._rank = rank

    def insert(self, transformer: PreTrainedModel) -> None:
        transformer.requires_grad_(False)
        for name, part in list(transformer.named_modules()):
            if name.endswith(".query") and isinstance(part, nn.Linear):
                transformer.set_submodule(name, _Widened(part, self._rank))

    def merge(self, transformer: PreTrainedModel) -> None:
        for name, part in list(transformer.named_modules()):
            if isinstance(part, _Widened):
                with torch.no_grad():
                    part.plain.weight += part.up.weight @ part.down.weight
                transformer.set_submodule(name, part.plain)


class _Widened(nn.Module):
    def __init__(self, plain: nn.Linear, rank: int) -> None:
        super().__init__()
        self.plain = plain
        self.down = nn.Linear(plain.in_features, rank, bias=False)
        self.up = nn.Linear(rank, plain.out_features, bias=False)
        nn.init.normal_(self.up.weight, std=0.02)

    def forward(self, vectors: Tensor) -> Tensor:
        found: Tensor = self.plain(vectors) + self.up(self.down(vectors))
        return found


class LinearLosses:
    """Losses of the tasks a and b that are linear in one shared matrix, and nothing of their own.

    Args:
        rows: the gradient of each loss, Float [2, …].
    """

    def __init__(self, rows: Tensor) -> None:
        self.rows, self.weight = rows, nn.Parameter(torch.zeros_like(rows[0]))

    def shared(self) -> list[nn.Parameter]:
        return [self.weight]

    def own(self, task: str) -> list[nn.Parameter]:
        return []

    def losses(self, a: float = 1.0, b: float = 1.0) -> dict[str, Tensor]:
        found = (self.rows * self.weight).flatten(1).sum(1)
        return {"a": found[0] + a, "b": found[1] + b}
