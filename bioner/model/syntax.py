"""Attention of words over the syntactic features of their context."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from bioner.config.encoder import Combine, Syntactic
from bioner.config.identity import digest

# The deviation of the first values of keys and values, that of BERT's own embeddings.
_DEVIATION = 0.02


class FeatureAttention(nn.Module):
    """Puts what a word's context features say in front of its vector.

    A reconstruction of the combined feature attention of Zhang & Chen 2022
    (doi:10.1186/s12859-022-04994-3). For word i with vector h_i and the context words j of a kind k

        p_ij = softmax_j(h_i . e^k_ij),  a^k_i = sum_j p_ij e^v_ij,  o_i = [a_i ; h_i]

    with the key e^k_ij and the value e^v_ij of the feature of j. a_i is of all kinds: one after the
    other (`concat`), their sum (`sum`), or their mean by weights softmax_k(w_k . h_i + b_k)
    (`gate`). Context words with equal features have equal keys, so the softmax over words is that
    over features, each as often as it is there.

    Args:
        hidden: length of a word's vector.
        kinds: that are used.
        sizes: features of each kind there is, in the order of their columns.
        combine: how kinds become one.
        seed: of the first values, together with the names.

    Attributes:
        width: length of what is given back.
    """

    def __init__(
        self,
        hidden: int,
        kinds: Sequence[Syntactic],
        sizes: Mapping[Syntactic, int],
        combine: Combine,
        seed: int,
    ) -> None:
        super().__init__()
        self._kinds, self._combine = tuple(kinds), combine
        ends = dict(zip(sizes, torch.tensor([*sizes.values()]).cumsum(0).tolist(), strict=True))
        self._columns = {kind: slice(ends[kind] - sizes[kind], ends[kind]) for kind in kinds}
        random = torch.Generator().manual_seed(int(digest([seed, "syntax"])[:8], 16))
        self.keys, self.values = (
            nn.ModuleDict({kind.value: _fresh(sizes[kind], hidden, random) for kind in kinds})
            for _ in range(2)
        )
        self.gate = nn.Linear(hidden, len(kinds)) if combine == Combine.gate else None
        if self.gate is not None:
            nn.init.zeros_(self.gate.weight)  # at first the plain mean
            nn.init.zeros_(self.gate.bias)
        self.width = hidden * (1 + (len(kinds) if combine == Combine.concat else 1))

    def forward(self, words: Tensor, counts: Tensor) -> Tensor:
        """Return the words' vectors behind what their features say, Float [words, width].

        Args:
            words: Float [words, hidden].
            counts: how often each feature is in the context of each word, Short [words, features
                of all kinds].
        """
        found = torch.stack([self._attend(kind, words, counts) for kind in self._kinds], 1)
        if self._combine == Combine.concat:
            said = found.flatten(1)
        elif self.gate is None:
            said = found.sum(1)
        else:
            said = (self.gate(words).softmax(-1).unsqueeze(-1) * found).sum(1)
        return torch.cat([said, words.to(said.dtype)], -1)

    def _attend(self, kind: Syntactic, words: Tensor, counts: Tensor) -> Tensor:
        """Return a_i of one kind, Float [words, hidden]."""
        keys, values = self.keys[kind.value].weight, self.values[kind.value].weight
        assert isinstance(keys, Tensor) and isinstance(values, Tensor)
        often = counts[:, self._columns[kind]].float().log()  # -inf: not there
        return (words @ keys.T + often).softmax(-1) @ values


def _fresh(features: int, hidden: int, random: torch.Generator) -> nn.Embedding:
    first = _DEVIATION * torch.randn(features, hidden, generator=random)
    return nn.Embedding(features, hidden, _weight=first)
