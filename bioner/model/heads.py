"""Heads: from word vectors to tags, one head for each task."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bioner.model.dropout import Dropout


class Head(nn.Module, ABC):
    """Scores each tag of a word by dropout and one linear layer; subclasses say what they mean.

    The linear layer starts as BERT's does: normal weights with deviation 0.02, zero bias.

    Args:
        hidden: length of a word vector.
        tags: the tags of the task, in the order of their ids (`bioner.corpora.tags.tag_set`).
        dropout: probability with which a component of a word vector is dropped in training.
    """

    def __init__(self, hidden: int, tags: Sequence[str], dropout: float = 0.1) -> None:
        super().__init__()
        self.tags = tuple(tags)
        self.dropout = Dropout(dropout)
        self.linear = nn.Linear(hidden, len(self.tags))
        nn.init.normal_(self.linear.weight, std=0.02)
        nn.init.zeros_(self.linear.bias)

    def emissions(self, words: Tensor) -> Tensor:
        """Return the score of each tag for each word, whatever autocast says in float32 or finer.

        Args:
            words: word vectors, Float [words, hidden].

        Returns:
            Scores, Float [words, tags].
        """
        weight = self.linear.weight
        precise = torch.promote_types(weight.dtype, torch.float32)
        with torch.autocast(words.device.type, enabled=False):
            return self.linear(self.dropout(words.to(weight.dtype))).to(precise)

    @abstractmethod
    def loss(self, words: Tensor, lengths: Tensor, tags: Tensor) -> Tensor:
        """Return the negative log-likelihood of the gold tags, a mean over words.

        Args:
            words: word vectors, sentence after sentence, Float [words, hidden].
            lengths: number of words of each sentence, Long [sentences]; 0 is legal.
            tags: gold tag ids, Long [words].

        Returns:
            The loss in nats a word, a scalar; 0, with a graph, where there is no word.
        """

    @abstractmethod
    def decode(self, words: Tensor, lengths: Tensor) -> Tensor:
        """Return the best tags, Long [words]; arguments as in `loss`."""

    @abstractmethod
    def marginals(self, words: Tensor, lengths: Tensor) -> Tensor:
        """Return the probability of each tag at each word, Float [words, tags], without a graph.

        Arguments as in `loss`.
        """


class LinearHead(Head):
    """Tags each word by itself: softmax over the scores. The tags may be illegal IOB2."""

    def loss(self, words: Tensor, lengths: Tensor, tags: Tensor) -> Tensor:
        """Return the cross-entropy, a mean over words. See `Head.loss`."""
        # The mean of no word would be NaN.
        summed = F.cross_entropy(self.emissions(words), tags, reduction="sum")
        return summed / max(1, tags.shape[0])

    @torch.no_grad()
    def decode(self, words: Tensor, lengths: Tensor) -> Tensor:
        """Return the best tag of each word. See `Head.decode`."""
        return self.emissions(words).argmax(-1)

    @torch.no_grad()
    def marginals(self, words: Tensor, lengths: Tensor) -> Tensor:
        """Return the softmax of the scores. See `Head.marginals`."""
        return self.emissions(words).softmax(-1)
