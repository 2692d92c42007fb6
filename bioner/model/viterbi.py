"""The best legal IOB2 tags of sentences: Viterbi's recursion (1967) over all of them at once."""

from collections.abc import Sequence

import torch
from torch import Tensor

from bioner.model.sentence_grid import SentenceGrid, to_grid


def illegal_pairs(tags: Sequence[str]) -> Tensor:
    """Return which tag IOB2 lets not follow which, Bool [tags + 1, tags].

    Row i is tag i, the last row the start of a sentence; column j is the tag that follows.
    """
    before = (*tags, None)
    return torch.tensor([[not _legal(one, after) for after in tags] for one in before])


def viterbi(
    emissions: Tensor, grid: SentenceGrid, start: Tensor, transitions: Tensor, end: Tensor
) -> Tensor:
    """Return the tags of each sentence whose scores add up to most, Long [words].

    Args:
        emissions: score of each tag at each word, Float [words, tags].
        grid: of the words.
        start: score of each tag at a sentence's first word, Float [tags]; -inf where illegal.
        transitions: score of tag j after tag i, Float [tags, tags]; -inf where illegal.
        end: score of each tag at a sentence's last word, Float [tags].
    """
    padded = grid.pad(emissions)
    best, back = [start + padded[0]], []
    for emission in padded[1:]:
        reached, before = (best[-1][:, :, None] + transitions).max(1)
        best.append(reached + emission)
        back.append(before)
    ending = (grid.at_last(torch.stack(best)) + end).argmax(-1)
    path = [ending]
    for position in range(grid.positions - 1, 0, -1):
        before = back[position - 1].gather(1, path[-1][:, None])[:, 0]
        path.append(torch.where(position <= grid.last, before, ending))
    return torch.cat(path[::-1])[grid.cell]


def best_legal(emissions: Tensor, lengths: Tensor, illegal: Tensor) -> Tensor:
    """Return the legal tags of each sentence whose emissions add up to most, Long [words].

    Each word's best tag, taken by itself, bounds what any tags can reach. So where these are legal
    together they are the answer, and only the other sentences, few of a trained head's, go
    through Viterbi's recursion.

    Args:
        emissions: score of each tag at each word, Float [words, tags].
        lengths: words of each sentence, Long [sentences]; 0 is legal.
        illegal: what `illegal_pairs` gave, on the same device.
    """
    tags = emissions.argmax(-1)
    sentence = torch.repeat_interleave(lengths, output_size=len(tags))
    before = tags.roll(1)
    begins = sentence != sentence.roll(1)
    begins[:1] = True
    before[begins] = illegal.shape[1]
    wrong = torch.zeros_like(lengths, dtype=torch.bool)
    wrong[sentence[illegal[before, tags]]] = True
    redone = wrong[sentence]
    scores = emissions[redone]
    if len(scores):
        # Relative to the best of the word: what is added up stays small, and keeps its precision.
        scores = scores - scores.amax(-1, keepdim=True)
        costs = scores.new_zeros(illegal.shape).masked_fill(illegal, -torch.inf)
        grid = to_grid(lengths[wrong], len(scores))
        tags[redone] = viterbi(scores, grid, costs[-1], costs[:-1], costs.new_zeros(len(costs) - 1))
    return tags


def _legal(before: str | None, after: str) -> bool:
    """Whether IOB2 lets `after` follow `before`; None is the start of the sentence."""
    return not after.startswith("I-") or (before not in (None, "O") and before[2:] == after[2:])
