"""Learnt rows of the embeddings that stand for tasks, behind those of the vocabulary."""

from collections.abc import Iterable, Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import PreTrainedModel

from bioner.config.identity import digest

# The deviation of their first values, that of BERT's own.
_DEVIATION = 0.02


class MarkedEmbedding(nn.Embedding):
    """An embedding with two more rows for each of some markers: of a beginning and of an end.

    Its own rows keep their place and name among the weights, and so does each marker, whichever
    others there are: a stage of other tasks takes over the markers that it has too.

    Args:
        plain: the embedding whose rows it takes.
        names: of the markers, in the order of their ids.
        seed: of their first values, together with the names.
    """

    def __init__(self, plain: nn.Embedding, names: Iterable[str], seed: int) -> None:
        rows, size = plain.weight.shape
        super().__init__(rows, size, plain.padding_idx, device="meta")
        self.weight = plain.weight
        self.markers = nn.ModuleDict({_key(name): _fresh(name, size, seed) for name in names})

    def forward(self, ids: Tensor) -> Tensor:
        """Return the rows of some ids, Float [..., size]; those of markers follow the others."""
        rows = len(self.weight)
        marks = torch.cat([self._rows(key) for key in self.markers])
        known = super().forward(ids.clamp(max=rows - 1))
        learnt = F.embedding((ids - rows).clamp(min=0), marks.to(known.dtype))
        return torch.where((ids >= rows)[..., None], learnt, known)

    def of(self, names: Iterable[str]) -> Tensor:
        """Return the rows of some markers, Float [2 markers, size]."""
        return torch.cat([self._rows(_key(name)) for name in names])

    def _rows(self, key: str) -> Tensor:
        marker = self.markers[key]
        assert isinstance(marker, nn.Embedding)
        return marker.weight


def mark(transformer: PreTrainedModel, names: Iterable[str], seed: int) -> None:
    """Give a transformer rows for markers."""
    plain = transformer.get_input_embeddings()
    assert isinstance(plain, nn.Embedding)
    transformer.set_input_embeddings(MarkedEmbedding(plain, names, seed))


def is_marker(tensor: str) -> bool:
    """Say whether a tensor of an encoder is that of a marker, by its name."""
    return ".markers." in tensor


def not_needed(tensors: Iterable[str], markers: Mapping[str, Iterable[str]]) -> set[str]:
    """Return the tensors of markers that are none of those of some tasks.

    Args:
        tensors: names of an encoder's tensors.
        markers: of the tasks, the names of their markers.
    """
    kept = {f".markers.{_key(name)}.weight" for names in markers.values() for name in names}
    return {name for name in tensors if is_marker(name) and not name.endswith((*kept,))}


def _key(name: str) -> str:
    """Return the name of a marker as a module may have it: no dot, and no attribute's name."""
    return f"of_{name.replace('.', '%2E')}"


def _fresh(name: str, size: int, seed: int) -> nn.Embedding:
    random = torch.Generator().manual_seed(int(digest([seed, "marker", name])[:8], 16))
    return nn.Embedding(2, size, _weight=_DEVIATION * torch.randn(2, size, generator=random))
