"""Flat sentences, one after the other, laid out in a padded grid and back."""

from typing import NamedTuple

import torch
from torch import Tensor


class SentenceGrid(NamedTuple):
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

    def flat(self, grid: Tensor) -> Tensor:
        """Return [words, tags] of [positions, sentences, tags]: what `pad` has spread."""
        return grid.flatten(0, 1).index_select(0, self.cell)

    def at_last(self, grid: Tensor) -> Tensor:
        """Pick [sentences, tags], the cells of the last words, of [positions, sentences, tags].

        A sentence without words gets some cell or other.
        """
        return grid[self.last, torch.arange(self.sentences, device=grid.device)]


def to_grid(lengths: Tensor, words: int) -> SentenceGrid:
    """Return the grid of sentences.

    Args:
        lengths: words of each sentence, Long [sentences]; 0 is legal.
        words: of all sentences together.
    """
    positions = max([1, *lengths.tolist()])
    sentence = torch.repeat_interleave(lengths, output_size=words)
    first = lengths.cumsum(0) - lengths
    position = torch.arange(words, device=lengths.device) - first[sentence]
    return SentenceGrid(
        positions=positions,
        sentences=lengths.shape[0],
        cell=position * lengths.shape[0] + sentence,
        begins=position == 0,
        ends=position == lengths[sentence] - 1,
        last=lengths - 1,
        lengths=lengths,
    )
