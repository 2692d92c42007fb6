"""The rows of an embedding that a stage can change, apart from those that it can't."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class UsedRows(nn.Embedding):
    """An embedding of which some rows are trained, and the others stay as they are.

    A piece that no batch holds has no gradient, and embeddings do not decay: training all rows
    gives the same weights. But the gradient, the optimiser's two moments and its step over them
    are as large as the vocabulary then; half of MiniLM's weights are word embeddings.

    Weights are saved and loaded whole, under the name and in the shape of the embedding.

    Args:
        whole: a plain embedding that is trained; not to be used any more.
        rows: Long [used], the ids of the rows that are trained, sorted.

    Attributes:
        weight: the trained rows, [used, hidden].
    """

    def __init__(self, whole: nn.Embedding, rows: Tensor) -> None:
        weight = whole.weight.detach()
        super().__init__(len(rows), whole.embedding_dim, _weight=weight[rows].clone())
        # Parameters without a gradient, no buffers: DistributedDataParallel sends those each time.
        self.rest = nn.Parameter(weight, requires_grad=False)
        places = torch.full((len(weight),), -1, device=weight.device)
        places[rows] = torch.arange(len(rows), device=weight.device)
        self.places = nn.Parameter(places, requires_grad=False)
        if whole.padding_idx is not None and places[whole.padding_idx] >= 0:
            self.padding_idx = int(places[whole.padding_idx])

    def forward(self, input: Tensor) -> Tensor:
        """Return the rows of some ids, Float [..., hidden]; a gradient reaches the trained ones."""
        places = self.places[input]
        trained = F.embedding(places.clamp(min=0), self.weight, self.padding_idx)
        return torch.where((places >= 0).unsqueeze(-1), trained, F.embedding(input, self.rest))

    def whole(self) -> Tensor:
        """Return all rows as they are now, [ids, hidden], apart from the module's own memory."""
        rows = self.rest.detach().clone()
        rows[self.places >= 0] = self.weight.detach()
        return rows

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        destination[f"{prefix}weight"] = self.whole()

    def _load_from_state_dict(
        self,
        state_dict: dict[str, Any],
        prefix: str,
        local_metadata: dict[str, Any],
        strict: bool,
        missing_keys: list[str],
        unexpected_keys: list[str],
        error_msgs: list[str],
    ) -> None:
        name = f"{prefix}weight"
        if name not in state_dict:
            missing_keys.append(name)
            return
        with torch.no_grad():
            self.rest.copy_(state_dict[name])
            self.weight.copy_(self.rest[self.places >= 0])
