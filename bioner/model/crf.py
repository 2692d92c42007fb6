"""A linear-chain CRF over the legal IOB2 sequences (Lafferty et al. 2001)."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from bioner.model.heads import Head
from bioner.model.sentence_grid import SentenceGrid, to_grid
from bioner.model.viterbi import illegal_pairs, viterbi

# Score of a tag that can't be: exp of it is 0 beside all others, and, unlike that of -inf, the
# gradient of a sum of nothing but such is a number.
_NEVER = -1e6


class CrfHead(Head):
    """Tags a sentence as a whole; no illegal sequence has any probability.

    With emissions e, transition scores A, start scores b and end scores c, the score of the tags y
    of a sentence of n words is s(y) = b[y_1] + sum_t e[t, y_t] + sum_t A[y_(t-1), y_t] + c[y_n],
    and p(y) = exp(s(y) - log Z), where Z sums exp(s) over the legal sequences. All scores but the
    emissions start at 0.

    Args:
        hidden: length of a word vector.
        tags: the tags of the task, in the order of their ids (`bioner.corpora.tags.tag_set`).
        dropout: probability with which a component of a word vector is dropped in training.
    """

    illegal: Tensor

    def __init__(self, hidden: int, tags: Sequence[str], dropout: float = 0.1) -> None:
        super().__init__(hidden, tags, dropout)
        self.start = nn.Parameter(torch.zeros(len(self.tags)))
        self.end = nn.Parameter(torch.zeros(len(self.tags)))
        self.transitions = nn.Parameter(torch.zeros(len(self.tags), len(self.tags)))
        self.register_buffer("illegal", illegal_pairs(self.tags), persistent=False)

    def loss(self, words: Tensor, lengths: Tensor, tags: Tensor) -> Tensor:
        """Return -log p of the gold tags, summed over sentences, divided by the number of words.

        It is infinite where the gold tags are illegal. See `Head.loss`.
        """
        emissions = self.emissions(words)
        grid = to_grid(lengths, words.shape[0])
        partition = self._log_partition(emissions, grid).sum()
        return (partition - self._score(emissions, grid, tags)) / max(1, words.shape[0])

    def partial_loss(self, words: Tensor, lengths: Tensor, may: Tensor) -> Tensor:
        """Return log Z less log Z over the sequences that may be, divided by the number of words.

        See `Head.partial_loss`.
        """
        emissions = self.emissions(words)
        grid = to_grid(lengths, words.shape[0])
        allowed = emissions.masked_fill(~may, _NEVER)
        every, some = (self._log_partition(one, grid).sum() for one in (emissions, allowed))
        return (every - some) / max(1, words.shape[0])

    def log_marginals(self, words: Tensor, lengths: Tensor) -> Tensor:
        """Return log p(tag at the word | sentence), by the forward and the backward recursion.

        Where a tag can't be, it is -1e6. See `Head.log_marginals`.
        """
        emissions = self.emissions(words)
        grid = to_grid(lengths, words.shape[0])
        _, transitions, end = self._constrained(emissions.dtype)
        forward, padded = self._forward(emissions, grid), grid.pad(emissions)
        after = end.expand(grid.sentences, -1)
        backward = [after]  # of the last position; a sentence that ends before it starts anew there
        for position in range(grid.positions - 2, -1, -1):
            onward = (transitions + (padded[position + 1] + after)[:, None]).logsumexp(-1)
            after = torch.where((grid.last > position)[:, None], onward, end)
            backward.insert(0, after)
        logs = grid.flat(forward + torch.stack(backward))
        of_words = logs.logsumexp(-1, keepdim=True)
        return (logs - of_words).clamp_min(_NEVER)

    @torch.no_grad()
    def decode(self, words: Tensor, lengths: Tensor) -> Tensor:
        """Return each sentence's best legal tags. See `Head.decode`."""
        emissions = self.emissions(words)
        scores = self._constrained(emissions.dtype)
        return viterbi(emissions, to_grid(lengths, words.shape[0]), *scores)

    def marginals(self, words: Tensor, lengths: Tensor) -> Tensor:
        """Return p(tag at the word | sentence): the gradient of log Z by the emissions.

        See `Head.marginals`.
        """
        emissions = self.emissions(words)
        # Lightning predicts in inference mode, and no tensor made there may enter a graph.
        with torch.inference_mode(False), torch.enable_grad():
            leaf = emissions.clone().detach().requires_grad_()
            grid = to_grid(lengths, words.shape[0])
            partition = self._log_partition(leaf, grid).sum()
            return torch.autograd.grad(partition, leaf)[0]

    def _constrained(self, dtype: torch.dtype) -> tuple[Tensor, Tensor, Tensor]:
        """Return start [tags], transition [tags, tags] and end [tags] scores, -inf if illegal."""
        start = self.start.to(dtype).masked_fill(self.illegal[-1], -torch.inf)
        transitions = self.transitions.to(dtype).masked_fill(self.illegal[:-1], -torch.inf)
        return start, transitions, self.end.to(dtype)

    def _log_partition(self, emissions: Tensor, grid: SentenceGrid) -> Tensor:
        """Return log Z of each sentence, Float [sentences], of emissions [words, tags].

        The forward recursion runs over the whole grid; what it gives past the end of a sentence
        is finite and is never read. An empty sentence has log Z = 0.
        """
        end = self.end.to(emissions.dtype)
        partition = (grid.at_last(self._forward(emissions, grid)) + end).logsumexp(-1)
        return torch.where(grid.lengths > 0, partition, 0.0)

    def _forward(self, emissions: Tensor, grid: SentenceGrid) -> Tensor:
        """Return log of the summed exp(s) of all that ends in a tag of a position.

        Args:
            emissions: Float [words, tags].
            grid: of the sentences.

        Returns:
            Float [positions, sentences, tags], without the end scores.
        """
        start, transitions, _ = self._constrained(emissions.dtype)
        padded = grid.pad(emissions)
        forward = [start + padded[0]]
        for emission in padded[1:]:
            forward.append((forward[-1][:, :, None] + transitions).logsumexp(1) + emission)
        return torch.stack(forward)

    def _score(self, emissions: Tensor, grid: SentenceGrid, tags: Tensor) -> Tensor:
        """Return s(tags), summed over sentences, a scalar."""
        start, transitions, end = self._constrained(emissions.dtype)
        # The start of a sentence is one more tag, from which the first word is reached.
        reach = torch.cat([transitions, start[None]])
        before = torch.where(grid.begins, len(self.tags), tags.roll(1))
        ending = torch.where(grid.ends, end[tags], 0.0)
        emitted = emissions.gather(1, tags[:, None])
        return emitted.sum() + reach[before, tags].sum() + ending.sum()
