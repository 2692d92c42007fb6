"""Rows, windows and the places of words, against a plain reading of the same arrays."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from bioner.batches.batch import make_batch
from bioner.batches.tokenizer import SpecialTokens
from bioner.batches.tokens import Encoded, kept_tags
from bioner.corpora.sentence_table import starts_of
from bioner.errors import ConfigError

BERT = SpecialTokens((1,), (2,))


def split(*sentences, tags=None):
    """A split with these piece counts for the words of each sentence; no two pieces are alike."""
    counts = np.array([count for sentence in sentences for count in sentence], dtype=np.int32)
    return Encoded.of(
        pieces=np.arange(100, 100 + counts.sum(), dtype=np.int32),
        piece_counts=counts,
        tags=np.array(tags if tags is not None else [0] * len(counts), dtype=np.int16),
        sentence_words=np.array([len(sentence) for sentence in sentences], dtype=np.int32),
    )


def row_lists(batch):
    return [row.tolist() for row in batch.pieces.split(batch.rows.tolist())]


@st.composite
def cases(draw):
    """A split, a choice of its sentences, special tokens, window and overlap."""
    window = draw(st.integers(1, 12))
    word = st.tuples(st.integers(0, 4) | st.integers(0, 15), st.integers(0, 2))
    sentences = draw(st.lists(st.lists(word, max_size=14), min_size=1, max_size=5))
    tags, open_type = [], 0
    for sentence in sentences:
        open_type = 0
        for _, choice in sentence:
            inside = choice == 2 and open_type
            tags.append(2 if inside else choice % 2)
            open_type = inside or choice % 2
    encoded = split(*([count for count, _ in s] for s in sentences), tags=tags)
    indices = draw(st.lists(st.integers(0, len(sentences) - 1), unique=True, max_size=5))
    special = SpecialTokens(
        tuple(range(1, 1 + draw(st.integers(0, 2)))), tuple(range(5, 5 + draw(st.integers(0, 2))))
    )
    specials = len(special.prefix) + len(special.suffix)
    return encoded, indices, special, window + specials, draw(st.integers(0, window - 1))


def words_of(encoded, indices, window):
    """For each sentence the pieces that stand for each of its words with pieces."""
    starts = starts_of(encoded.piece_counts)
    return [
        [
            encoded.pieces[starts[w] : starts[w + 1]][:window].tolist()
            for w in range(encoded.word_starts[i], encoded.word_starts[i + 1])
            if encoded.piece_counts[w]
        ]
        for i in indices
    ]


@given(cases())
def test_every_word_is_represented_once_by_its_pieces(case):
    encoded, indices, special, max_pieces, overlap = case
    batch = make_batch("task", *case[:3], max_pieces, overlap)
    sentences = words_of(encoded, indices, special.window(max_pieces))
    represented = [
        batch.pieces[first : first + count].tolist()
        for first, count in zip(batch.first.tolist(), batch.count.tolist(), strict=True)
    ]
    assert represented == [word for sentence in sentences for word in sentence]
    assert batch.words.tolist() == [len(sentence) for sentence in sentences]


@given(cases())
def test_rows_fit_and_are_runs_of_whole_words_that_overlap_by_no_more_than_asked(case):
    encoded, indices, special, max_pieces, overlap = case
    window = special.window(max_pieces)
    rows = row_lists(make_batch("task", *case))
    assert all(len(row) <= max_pieces for row in rows)
    prefix, suffix = len(special.prefix), len(special.suffix)
    assert all(tuple(row[:prefix]) == special.prefix for row in rows)
    assert all(tuple(row[len(row) - suffix :]) == special.suffix for row in rows)
    contents = [row[prefix : len(row) - suffix] for row in rows]
    for sentence in words_of(encoded, indices, window):
        starts, ends, flat = {}, {}, []
        for word in sentence:
            starts[word[0]] = len(flat)
            flat += word
            ends[word[-1]] = len(flat)
        mine = []
        while flat and (not mine or mine[-1][1] < len(flat)):
            row = contents.pop(0)
            start, end = starts[row[0]], ends[row[-1]]
            assert row == flat[start:end]
            mine.append((start, end))
        assert len(mine) <= 1 or len(flat) > window
        assert not mine or mine[0][0] == 0
        for (_, end), (start, _) in pairwise(mine):
            assert 0 <= end - start <= overlap
    assert not contents


@given(cases())
def test_a_word_is_read_where_it_has_the_most_context(case):
    _, _, special, _, _ = case
    batch = make_batch("task", *case)
    prefix, suffix = len(special.prefix), len(special.suffix)
    contexts, offset = {}, 0
    for row in row_lists(batch):
        for place in range(prefix, len(row) - suffix):
            contexts.setdefault(row[place], []).append((offset, place, len(row)))
        offset += len(row)
    for first, count in zip(batch.first.tolist(), batch.count.tolist(), strict=True):
        best, best_context = None, -1
        for offset, place, length in contexts[int(batch.pieces[first])]:
            context = min(place - prefix, length - suffix - place - count)
            if context > best_context:
                best, best_context = offset + place, context
        assert first == best


@given(cases())
def test_a_batch_is_its_sentences_one_after_the_other(case):
    encoded, indices, *rest = case
    batch = make_batch("task", encoded, indices, *rest)
    singles = [make_batch("task", encoded, [index], *rest) for index in indices]
    shift = 0
    firsts = []
    for single in singles:
        firsts += (single.first + shift).tolist()
        shift += len(single.pieces)
    assert batch.first.tolist() == firsts
    for name in ("pieces", "rows", "count", "words", "tags", "gold", "kept", "lengths", "index"):
        joined = [value for single in singles for value in getattr(single, name).tolist()]
        assert getattr(batch, name).tolist() == joined, name


@given(cases())
def test_the_gold_of_the_file_is_whole(case):
    encoded, indices, *_ = case
    batch = make_batch("task", *case)
    words = [w for i in indices for w in range(encoded.word_starts[i], encoded.word_starts[i + 1])]
    assert batch.gold.tolist() == encoded.tags[words].tolist()
    assert batch.kept.tolist() == (encoded.piece_counts[words] > 0).tolist()
    legal = kept_tags(encoded.tags, encoded.piece_counts)
    assert batch.tags.tolist() == legal[words][batch.kept.numpy()].tolist()
    assert batch.lengths.tolist() == encoded.sentence_words[indices].tolist()
    assert batch.index.tolist() == indices
    expanded = batch.expand(batch.tags)
    assert expanded[batch.kept].tolist() == batch.tags.tolist()
    assert not expanded[~batch.kept].any()


def test_two_short_sentences():
    batch = make_batch("ncbi", split([1, 2], [3], [1]), [2, 0], BERT, 16, 4)
    assert row_lists(batch) == [[1, 106, 2], [1, 100, 101, 102, 2]]
    assert batch.first.tolist() == [1, 4, 5] and batch.count.tolist() == [1, 1, 2]
    assert batch.task == "ncbi" and batch.words.tolist() == [1, 2]
    tensors = {name: value for name, value in vars(batch).items() if name != "task"}
    assert tensors.pop("soft") is None and tensors.pop("features") is None
    assert tensors.pop("kept").dtype == torch.bool
    assert all(tensor.dtype == torch.long for tensor in tensors.values())


def test_the_windows_of_a_long_sentence():
    # Words of two pieces, six pieces a window, two shared: words 0-2, 2-4, 4-5.
    batch = make_batch("x", split([2] * 6), [0], BERT, 8, 2)
    assert row_lists(batch) == [
        [1, *range(100, 106), 2],
        [1, *range(104, 110), 2],
        [1, *range(108, 112), 2],
    ]
    # Words 2 and 4 stand at an end in both of their windows: the earlier one is taken.
    assert batch.first.tolist() == [1, 3, 5, 11, 13, 19]


def test_the_overlap_gives_way_to_a_word_that_needs_the_room():
    batch = make_batch("x", split([1, 1, 1, 1, 4]), [0], BERT, 6, 3)
    assert row_lists(batch) == [[1, 100, 101, 102, 103, 2], [1, 104, 105, 106, 107, 2]]


def test_a_word_that_no_window_holds_is_read_from_its_first_pieces():
    encoded = split([1, 9, 1])
    batch = make_batch("x", encoded, [0], BERT, 6, 1)
    assert encoded.oversized(BERT.window(6)) == 1
    assert row_lists(batch) == [[1, 100, 2], [1, 101, 102, 103, 104, 2], [1, 110, 2]]
    assert batch.count.tolist() == [1, 4, 1]


def test_lost_words_are_in_the_gold_only():
    batch = make_batch("x", split([0, 1], [0], [1, 0], tags=[1, 2, 1, 1, 2]), [0, 1, 2], BERT, 8, 0)
    assert row_lists(batch) == [[1, 100, 2], [1, 101, 2]]
    assert batch.words.tolist() == [1, 0, 1] and batch.lengths.tolist() == [2, 1, 2]
    assert batch.tags.tolist() == [1, 1] and batch.gold.tolist() == [1, 2, 1, 1, 2]
    assert batch.expand(torch.tensor([2, 1])).tolist() == [0, 2, 0, 1, 0]


@pytest.mark.parametrize("indices", [[], [0]])
def test_a_batch_without_words_has_no_row(indices):
    batch = make_batch("x", split([0, 0]), indices, BERT, 8, 0)
    assert batch.pieces.numel() == batch.rows.numel() == batch.first.numel() == 0
    assert batch.words.tolist() == [0] * len(indices)
    assert batch.expand(batch.tags).tolist() == [0, 0] * len(indices)


def test_the_batch_does_not_share_memory_with_the_indices():
    indices = np.array([0, 1])
    batch = make_batch("x", split([1], [1]), indices, BERT, 8, 0)
    indices[:] = 7
    assert batch.index.tolist() == [0, 1]


def test_to_moves_every_tensor():
    batch = make_batch("x", split([1, 0]), [0], BERT, 8, 0).to("meta")
    assert batch.task == "x"
    assert {v.device.type for v in vars(batch).values() if isinstance(v, torch.Tensor)} == {"meta"}


@pytest.mark.skipif(not torch.cuda.is_available(), reason="memory is pinned for CUDA only")
def test_pin_memory_pins_every_tensor_and_to_carries_them_over():
    batch = make_batch("x", split([1, 0]), [0], BERT, 8, 0)
    pinned = batch.pin_memory()
    assert all(v.is_pinned() for v in vars(pinned).values() if isinstance(v, torch.Tensor))
    back = pinned.to("cuda").to("cpu")
    assert vars(back).keys() == vars(batch).keys()
    tensors = {n: v for n, v in vars(batch).items() if isinstance(v, torch.Tensor)}
    assert all(torch.equal(getattr(back, n), v) for n, v in tensors.items())


@pytest.mark.parametrize("overlap", [-1, 6, 60])
def test_an_overlap_that_leaves_no_room_is_refused(overlap):
    with pytest.raises(ConfigError, match=rf"encoder\.overlap: {overlap} with windows of 6 .*0 to"):
        make_batch("x", split([1]), [0], BERT, 8, overlap)


def test_rows_without_room_for_words_are_refused():
    with pytest.raises(ConfigError, match=r"encoder\.max_pieces: 2 "):
        make_batch("x", split([1]), [0], BERT, 2, 0)
