"""A linear-chain CRF over the legal IOB2 sequences (Lafferty et al. 2001)."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from bioner.model.heads import Head


class _Layout(NamedTuple):
    """Where each word of flat sentences lies in a padded grid, position by position.

    Attributes:
        positions: positions of the grid: the words of the longest sentence, at least 1.
        sentences: sentences of the grid.
        cell: index of each word in the flattened grid [positions * sentences], Long [words].
        begins: whether the word is the first of its sentence, Bool [words].
        ends: whether it is the last, Bool [words].
        last: position of each sentence's last word, -1 where it has none, Long [sentences].
        lengths: words of each sentence, Long [sentences].
    """

    positions: int
    sentences: int
    cell: Tensor
    begins: Tensor
    ends: Tensor
    last: Tensor
    lengths: Tensor

    def pad(self, flat: Tensor) -> Tensor:
        """Spread [words, tags] over [positions, sentences, tags]; cells without a word are 0."""
        grid = flat.new_zeros(self.positions * self.sentences, flat.shape[1])
        filled = grid.index_copy(0, self.cell, flat)
        return filled.view(self.positions, self.sentences, flat.shape[1])

    def at_last(self, grid: Tensor) -> Tensor:
        """Pick [sentences, tags], the cells of the last words, of [positions, sentences, tags].

        A sentence without words gets some cell or other.
        """
        return grid[self.last, torch.arange(self.sentences, device=grid.device)]


def _layout(lengths: Tensor, words: int) -> _Layout:
    positions = max([1, *lengths.tolist()])
    sentence = torch.repeat_interleave(lengths, output_size=words)
    first = lengths.cumsum(0) - lengths
    position = torch.arange(words, device=lengths.device) - first[sentence]
    return _Layout(
        positions=positions,
        sentences=lengths.shape[0],
        cell=position * lengths.shape[0] + sentence,
        begins=position == 0,
        ends=position == lengths[sentence] - 1,
        last=lengths - 1,
        lengths=lengths,
    )


def _legal(before: str | None, after: str) -> bool:
    """Whether IOB2 lets `after` follow `before`; None is the start of the sentence."""
    return not after.startswith("I-") or (before not in (None, "O") and before[2:] == after[2:])


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

    illegal_start: Tensor
    illegal: Tensor

    def __init__(self, hidden: int, tags: Sequence[str], dropout: float = 0.1) -> None:
        super().__init__(hidden, tags, dropout)
        self.start = nn.Parameter(torch.zeros(len(self.tags)))
        self.end = nn.Parameter(torch.zeros(len(self.tags)))
        self.transitions = nn.Parameter(torch.zeros(len(self.tags), len(self.tags)))
        illegal_start = [not _legal(None, after) for after in self.tags]
        illegal = [[not _legal(before, after) for after in self.tags] for before in self.tags]
        self.register_buffer("illegal_start", torch.tensor(illegal_start), persistent=False)
        self.register_buffer("illegal", torch.tensor(illegal), persistent=False)

    def loss(self, words: Tensor, lengths: Tensor, tags: Tensor) -> Tensor:
        """Return -log p of the gold tags, summed over sentences, divided by the number of words.

        It is infinite where the gold tags are illegal. See `Head.loss`.
        """
        emissions = self.emissions(words)
        layout = _layout(lengths, words.shape[0])
        partition = self._log_partition(emissions, layout).sum()
        return (partition - self._score(emissions, layout, tags)) / max(1, words.shape[0])

    @torch.no_grad()
    def decode(self, words: Tensor, lengths: Tensor) -> Tensor:
        """Return each sentence's best legal tags (Viterbi 1967). See `Head.decode`."""
        layout = _layout(lengths, words.shape[0])
        emissions = layout.pad(self.emissions(words))
        start, transitions, end = self._constrained(emissions.dtype)
        best, back = [start + emissions[0]], []
        for emission in emissions[1:]:
            reached, before = (best[-1][:, :, None] + transitions).max(1)
            best.append(reached + emission)
            back.append(before)
        ending = (layout.at_last(torch.stack(best)) + end).argmax(-1)
        path = [ending]
        for position in range(layout.positions - 1, 0, -1):
            before = back[position - 1].gather(1, path[-1][:, None])[:, 0]
            path.append(torch.where(position <= layout.last, before, ending))
        return torch.cat(path[::-1])[layout.cell]

    def marginals(self, words: Tensor, lengths: Tensor) -> Tensor:
        """Return p(tag at the word | sentence): the gradient of log Z by the emissions.

        See `Head.marginals`.
        """
        emissions = self.emissions(words)
        # Lightning predicts in inference mode, and no tensor made there may enter a graph.
        with torch.inference_mode(False), torch.enable_grad():
            leaf = emissions.clone().detach().requires_grad_()
            layout = _layout(lengths, words.shape[0])
            partition = self._log_partition(leaf, layout).sum()
            return torch.autograd.grad(partition, leaf)[0]

    def _constrained(self, dtype: torch.dtype) -> tuple[Tensor, Tensor, Tensor]:
        """Return start [tags], transition [tags, tags] and end [tags] scores, -inf if illegal."""
        start = self.start.to(dtype).masked_fill(self.illegal_start, -torch.inf)
        transitions = self.transitions.to(dtype).masked_fill(self.illegal, -torch.inf)
        return start, transitions, self.end.to(dtype)

    def _log_partition(self, emissions: Tensor, layout: _Layout) -> Tensor:
        """Return log Z of each sentence, Float [sentences], of emissions [words, tags].

        The forward recursion runs over the whole grid; what it gives past the end of a sentence
        is finite and is never read. An empty sentence has log Z = 0.
        """
        start, transitions, end = self._constrained(emissions.dtype)
        padded = layout.pad(emissions)
        forward = [start + padded[0]]
        for emission in padded[1:]:
            forward.append((forward[-1][:, :, None] + transitions).logsumexp(1) + emission)
        partition = (layout.at_last(torch.stack(forward)) + end).logsumexp(-1)
        return torch.where(layout.lengths > 0, partition, 0.0)

    def _score(self, emissions: Tensor, layout: _Layout, tags: Tensor) -> Tensor:
        """Return s(tags), summed over sentences, a scalar."""
        start, transitions, end = self._constrained(emissions.dtype)
        # The start of a sentence is one more tag, from which the first word is reached.
        reach = torch.cat([transitions, start[None]])
        before = torch.where(layout.begins, len(self.tags), tags.roll(1))
        ending = torch.where(layout.ends, end[tags], 0.0)
        emitted = emissions.gather(1, tags[:, None])
        return emitted.sum() + reach[before, tags].sum() + ending.sum()
