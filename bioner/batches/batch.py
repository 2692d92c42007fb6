"""Sentences to one padding-free batch: rows of pieces, and where each word's pieces lie in them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bioner.batches.syntax import features
from bioner.batches.tokenizer import SpecialTokens
from bioner.batches.tokens import Encoded, kept_tags
from bioner.corpora.sentence_table import ranges, starts_of
from bioner.errors import ConfigError

_Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Batch:
    """Sentences of one task. "Words" are those with pieces; "all words" are those of the file.

    Attributes:
        task: the name of the dataset.
        pieces: Long [pieces], token ids row after row with special tokens, no padding.
        rows: Long [rows], pieces in each row; a row is a sentence, or several, or a window of a
            long one. A sentence without a word has no row, so a batch may have none.
        first: Long [words], the place in `pieces` of each word's first piece.
        count: Long [words], the number of its pieces, at least 1.
        words: Long [sentences], words of each sentence; may be 0.
        tags: Long [words], gold tag ids, legal IOB2 among these words.
        gold: Long [all words], gold tag ids as the file has them.
        kept: Bool [all words], whether the word has pieces.
        lengths: Long [sentences], all words of each sentence.
        index: Long [sentences], the place of each sentence in its split.
        soft: Float [words, tags], what a teacher says in the place of the gold tags, which are not
            known; zeros: nothing. None where these are known.
        features: Short [words, features], how often each is in a word's context
            (`bioner.batches.syntax`); None where nobody parsed the words.
    """

    task: str
    pieces: Tensor
    rows: Tensor
    first: Tensor
    count: Tensor
    words: Tensor
    tags: Tensor
    gold: Tensor
    kept: Tensor
    lengths: Tensor
    index: Tensor
    soft: Tensor | None = None
    features: Tensor | None = None

    def to(self, device: torch.device | str) -> Batch:
        """Return the batch with its tensors on `device`."""
        # To an accelerator a copy from pinned memory need not be waited for; from one it must.
        overlapped = torch.device(device).type == "cuda"
        return self._map(lambda tensor: tensor.to(device, non_blocking=overlapped))

    def pin_memory(self) -> Batch:
        """Return the batch with its tensors in page-locked memory."""
        return self._map(Tensor.pin_memory)

    @property
    def sentence_pieces(self) -> Tensor:
        """The pieces of each sentence's words, Long [sentences]."""
        ends = torch.cat([self.count.new_zeros(1), self.count.cumsum(0)])
        borders = torch.cat([self.words.new_zeros(1), self.words.cumsum(0)])
        return ends[borders].diff()

    def expand(self, tags_of_words: Tensor) -> Tensor:
        """Return tag ids for all words of the file: O (0) where the tokenizer lost the word.

        Args:
            tags_of_words: Long [words].

        Returns:
            Long [all words].
        """
        expanded = torch.zeros_like(self.gold)
        expanded[self.kept] = tags_of_words
        return expanded

    def _map(self, change: Callable[[Tensor], Tensor]) -> Batch:
        held = {field.name: getattr(self, field.name) for field in fields(self)}
        tensors = {name: change(one) for name, one in held.items() if isinstance(one, Tensor)}
        return Batch(**{**held, **tensors})


# What one step of the optimiser sees: a batch of each of its tasks, or the parts of each, part
# after part.
Update = tuple[Batch, ...]


def make_batch(
    task: str,
    encoded: Encoded,
    indices: Sequence[int] | _Ints,
    special: SpecialTokens,
    max_pieces: int,
    overlap: int,
    stretches: _Ints | None = None,
) -> Batch:
    """Lay sentences out as rows; a sentence that is too long becomes overlapping windows.

    A word that lies in several windows is read from the one in which it has the most context: the
    smaller of its distances to the window's two ends is largest (the earlier window on a tie). A
    word that no row could hold is represented by its first pieces (`Encoded.oversized` counts).

    Args:
        task: the name of the dataset.
        encoded: the split.
        indices: the sentences to take, [sentences].
        special: what goes before and after each row.
        max_pieces: pieces in one row, special tokens included.
        overlap: pieces that two windows share, at most; windows start and end at word borders.
        stretches: where in `indices` each stretch of sentences that share a row starts, and the
            end, [stretches + 1]; None: each sentence has its own.

    Raises:
        ConfigError: if no piece fits into a row, or the overlap leaves no room for new pieces.
    """
    window = special.window(max_pieces)
    if not 0 <= overlap < window:
        raise ConfigError(
            "encoder.overlap",
            f"{overlap} with windows of {window} pieces (encoder.max_pieces={max_pieces})",
            f"0 to {window - 1}",
        )
    index = np.array(indices, dtype=np.int64)
    lengths = encoded.sentence_words[index].astype(np.int64)
    places = ranges(encoded.word_starts[index], lengths)
    piece_counts, tags = encoded.piece_counts[places], encoded.tags[places]
    kept = piece_counts > 0
    sentence_starts = starts_of(lengths)
    words = np.diff(starts_of(kept)[sentence_starts])
    before = starts_of(piece_counts)
    in_split = np.repeat(encoded.piece_starts[index] - before[sentence_starts[:-1]], lengths)
    in_rows = words if stretches is None else np.diff(starts_of(words)[stretches])
    count = np.minimum(piece_counts[kept], window).astype(np.int64)
    pieces, rows, first = _lay_out(
        encoded.pieces,
        (before[:-1] + in_split)[kept],
        count,
        *_cut(in_rows, count, window, overlap),
        special,
    )
    arrays = {
        "pieces": pieces,
        "rows": rows,
        "first": first,
        "count": count,
        "words": words,
        "tags": kept_tags(tags, piece_counts)[kept].astype(np.int64),
        "gold": tags.astype(np.int64),
        "kept": kept,
        "lengths": lengths,
        "index": index,
    }
    if encoded.syntax.shape[1]:
        arrays["features"] = features(encoded.syntax[places], lengths)[kept]
    return Batch(task, **{name: torch.from_numpy(array) for name, array in arrays.items()})


def _cut(words: _Ints, count: _Ints, window: int, overlap: int) -> tuple[_Ints, _Ints]:
    """Return the first word and the number of words of each row, [rows] and [rows].

    Args:
        words: words of each sentence, or stretch, [sentences].
        count: pieces of each word, at most `window`, [words].
        window: pieces that a row holds.
        overlap: pieces that two windows share, at most.
    """
    starts = starts_of(words)
    piece_starts = starts_of(count)
    long = np.diff(piece_starts[starts]) > window
    if not long.any():
        filled = words > 0
        return starts[:-1][filled], words[filled]
    cuts: list[tuple[int, int]] = []
    for sentence in np.flatnonzero(words):
        start, end = int(starts[sentence]), int(starts[sentence + 1])
        if long[sentence]:
            cuts += _windows(piece_starts, start, end, window, overlap)
        else:
            cuts.append((start, end))
    firsts, ends = np.array(cuts, dtype=np.int64).T
    return firsts, ends - firsts


def _windows(
    piece_starts: _Ints, start: int, end: int, window: int, overlap: int
) -> list[tuple[int, int]]:
    """Return the first word and the end of each window of the words from `start` to `end`."""
    cuts = []
    while True:
        stop = int(np.searchsorted(piece_starts, piece_starts[start] + window, side="right")) - 1
        cuts.append((start, min(stop, end)))
        if stop >= end:
            return cuts
        # The next window must have room for the word that this one could not take.
        shared = min(overlap, window - int(piece_starts[stop + 1] - piece_starts[stop]))
        back = int(np.searchsorted(piece_starts, piece_starts[stop] - shared, side="left"))
        start = max(start + 1, back)


def _lay_out(
    source: NDArray[np.int32],
    piece_starts: _Ints,
    count: _Ints,
    row_first: _Ints,
    row_words: _Ints,
    special: SpecialTokens,
) -> tuple[_Ints, _Ints, _Ints]:
    """Return `pieces`, `rows` and `first` of a `Batch`.

    An entry is a word in a row; a word that lies in two windows has two entries.

    Args:
        source: pieces of the split.
        piece_starts: the place in `source` of each word's first piece, [words].
        count: pieces that represent each word, [words].
        row_first: the first word of each row, [rows].
        row_words: words of each row, [rows].
        special: what goes before and after each row.
    """
    entry_word = ranges(row_first, row_words)
    entry_count = count[entry_word]
    entry_row = np.repeat(np.arange(len(row_first)), row_words)
    before = starts_of(entry_count)
    row_before = before[starts_of(row_words)]
    prefix, suffix = len(special.prefix), len(special.suffix)
    entry_first = before[:-1] + entry_row * (prefix + suffix) + prefix

    rows = np.diff(row_before) + prefix + suffix
    row_starts = starts_of(rows)
    pieces = np.empty(row_starts[-1], dtype=np.int64)
    pieces[row_starts[:-1, None] + np.arange(prefix)] = special.prefix
    pieces[row_starts[1:, None] - suffix + np.arange(suffix)] = special.suffix
    pieces[ranges(entry_first, entry_count)] = source[ranges(piece_starts[entry_word], entry_count)]
    if len(entry_word) == len(count):
        return pieces, rows, entry_first

    left = before[:-1] - row_before[entry_row]
    right = row_before[entry_row + 1] - before[1:]
    # Stable, so that of equal windows the earlier comes first.
    best_first = np.lexsort((-np.minimum(left, right), entry_word))
    _, chosen = np.unique(entry_word[best_first], return_index=True)
    return pieces, rows, entry_first[best_first[chosen]]
