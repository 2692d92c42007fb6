"""Flat sentences in a padded grid."""

import torch

from bioner.model.sentence_grid import to_grid


def test_padding_and_back() -> None:
    grid = to_grid(torch.tensor([2, 0, 3]), 5)
    padded = grid.pad(torch.arange(1.0, 6)[:, None])
    assert padded[..., 0].tolist() == [[1, 0, 3], [2, 0, 4], [0, 0, 5]]
    assert padded.flatten(0, 1)[grid.cell].equal(torch.arange(1.0, 6)[:, None])
    assert grid.at_last(padded)[[0, 2], 0].tolist() == [2, 5]
    assert grid.begins.tolist() == [True, False, True, False, False]
    assert grid.ends.tolist() == [False, True, False, False, True]
