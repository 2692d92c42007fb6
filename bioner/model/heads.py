"""Heads: from word vectors to tags, one head for each task."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bioner.config.build import build_with_options
from bioner.config.head import Decode, HeadConfig
from bioner.errors import ConfigError
from bioner.model.dropout import Dropout
from bioner.model.viterbi import best_legal, illegal_pairs


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
        self._legal = True

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

    @property
    def legal(self) -> bool:
        """Whether it may give none but legal tags, where it scores each word by itself."""
        return self._legal

    def decode_as(self, how: Decode) -> None:
        """Say which tags it gives."""
        self._legal = how == Decode.legal

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

    def partial_loss(self, words: Tensor, lengths: Tensor, may: Tensor) -> Tensor:
        """Return the negative log-likelihood that the tags are among those that they may be.

        Args:
            words: see `loss`.
            lengths: see `loss`.
            may: which tags each word may have, Bool [words, tags]; at least one for each word, and
                at least one legal sequence for each sentence.

        Returns:
            See `loss`; equal to it where each word may have one tag.

        Raises:
            ConfigError: a head of this class can't say.
        """
        found = f"{type(self).__name__} can't learn from words that may have several tags"
        raise ConfigError("head.missing", f"is mask, and {found}", "head.missing=outside")

    def log_marginals(self, words: Tensor, lengths: Tensor) -> Tensor:
        """Return the log of what `marginals` gives, Float [words, tags], with a graph.

        It is finite, also where a probability is 0.

        Raises:
            ConfigError: a head of this class has no such graph.
        """
        found = f"{type(self).__name__} can't learn from probabilities of tags"
        raise ConfigError("selftrain", f"is soft, and {found}", "selftrain=none")

    @abstractmethod
    def decode(self, words: Tensor, lengths: Tensor) -> Tensor:
        """Return the best tags, Long [words]; arguments as in `loss`."""

    @abstractmethod
    def marginals(self, words: Tensor, lengths: Tensor) -> Tensor:
        """Return the probability of each tag at each word, Float [words, tags], without a graph.

        Arguments as in `loss`.
        """


class LinearHead(Head):
    """Tags each word by itself: softmax over the scores. Arguments as in `Head`."""

    illegal: Tensor

    def __init__(self, hidden: int, tags: Sequence[str], dropout: float = 0.1) -> None:
        super().__init__(hidden, tags, dropout)
        self.register_buffer("illegal", illegal_pairs(self.tags), persistent=False)

    def loss(self, words: Tensor, lengths: Tensor, tags: Tensor) -> Tensor:
        """Return the cross-entropy, a mean over words. See `Head.loss`."""
        # The mean of no word would be NaN.
        summed = F.cross_entropy(self.emissions(words), tags, reduction="sum")
        return summed / max(1, tags.shape[0])

    def partial_loss(self, words: Tensor, lengths: Tensor, may: Tensor) -> Tensor:
        """Return -log of the summed probability, a mean over words. See `Head.partial_loss`."""
        logs = self.emissions(words).log_softmax(-1)
        summed = logs.masked_fill(~may, -torch.inf).logsumexp(-1).sum()
        return -summed / max(1, len(words))

    def log_marginals(self, words: Tensor, lengths: Tensor) -> Tensor:
        """Return the log-softmax of the scores. See `Head.log_marginals`."""
        return self.emissions(words).log_softmax(-1)

    @torch.no_grad()
    def decode(self, words: Tensor, lengths: Tensor) -> Tensor:
        """Return the best legal tags, or each word's best tag. See `Head.decode`."""
        scores = self.emissions(words)
        return best_legal(scores, lengths, self.illegal) if self.legal else scores.argmax(-1)

    @torch.no_grad()
    def marginals(self, words: Tensor, lengths: Tensor) -> Tensor:
        """Return the softmax of the scores. See `Head.marginals`."""
        return self.emissions(words).softmax(-1)


def make_head(config: HeadConfig, hidden: int, tags: Sequence[str]) -> Head:
    """Build the head that a config names, with random first weights.

    Args:
        config: of the head.
        hidden: length of a word vector.
        tags: of the task, in the order of their ids.

    Raises:
        ConfigError: no such class, a key that it does not take, or a value that it refuses.
    """
    head: Head = build_with_options("head", Head, config, hidden=hidden, tags=tags)
    head.decode_as(config.decode)
    return head
