"""Neighbours of a document in one row: which they are, and that their words stay with them."""

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bioner.batches.scored import ScoredBatches, Shard
from bioner.batches.stretches import packed
from bioner.batches.tokens import Encoded, encode
from bioner.batches.window import Window
from bioner.corpora.sentence import Sentence
from tests.batches.test_batch import BERT, row_lists, split
from tests.batches.test_tokens import word_level

ROOM = 7
WINDOW = Window(BERT, ROOM + 2, 3, documents=True)


@st.composite
def cases(draw):
    """A split of a few documents, and which of its sentences are used."""
    sentences = draw(st.lists(st.lists(st.integers(0, 3), max_size=5), min_size=1, max_size=12))
    documents = np.cumsum([draw(st.booleans()) for _ in sentences]).astype(np.int32)
    encoded = replace(split(*sentences), documents=documents)
    used = [i for i in range(len(sentences)) if draw(st.integers(0, 4))]
    return encoded, np.array(used, dtype=np.int64)


def lists(stretches):
    return [stretches.take(np.array([i])).tolist() for i in range(len(stretches))]


@given(cases())
def test_stretches_are_as_long_as_neighbours_and_room_allow(case):
    encoded, used = case
    found = lists(packed(encoded, used, ROOM))
    assert [i for one in found for i in one] == used.tolist()
    pieces = [int(encoded.sentence_pieces[one].sum()) for one in found]
    assert packed(encoded, used, ROOM).pieces.tolist() == pieces
    for one, held in zip(found, pieces, strict=True):
        assert one == list(range(one[0], one[0] + len(one)))
        assert len({encoded.documents[i] for i in one}) == 1
        assert held <= ROOM or len(one) == 1
    for one, after, held in zip(found, found[1:], pieces, strict=False):
        near = after[0] == one[-1] + 1 and encoded.documents[after[0]] == encoded.documents[one[-1]]
        assert not near or held + encoded.sentence_pieces[after[0]] > ROOM


@given(cases(), st.randoms())
def test_a_batch_has_a_row_for_each_stretch_and_the_words_of_each_sentence(case, random):
    encoded, used = case
    stretches = packed(encoded, used, ROOM)
    order = random.sample(range(len(stretches)), len(stretches))
    chosen = stretches.take(np.array(order, dtype=np.int64))
    batch = WINDOW.batch("x", encoded, chosen)
    alone = replace(WINDOW, documents=False).batch("x", encoded, chosen)
    for name in ("count", "words", "tags", "gold", "kept", "lengths", "index"):
        assert getattr(batch, name).tolist() == getattr(alone, name).tolist()
    starts = zip(batch.first.tolist(), alone.first.tolist(), batch.count.tolist(), strict=True)
    for ours, theirs, count in starts:
        assert batch.pieces[ours : ours + count].equal(alone.pieces[theirs : theirs + count])
    short = [one for one in map(stretches.take, np.array(order)[:, None]) if fits(encoded, one)]
    whole = [rows_of(encoded, one) for one in short]
    assert [row[1:-1] for row in row_lists(batch) if row[1:-1] in whole] == [w for w in whole if w]


def fits(encoded: Encoded, sentences: np.ndarray) -> bool:
    return bool(encoded.sentence_pieces[sentences].sum() <= ROOM)


def rows_of(encoded: Encoded, sentences: np.ndarray) -> list[int]:
    """The pieces of some sentences, one after the other."""
    starts = encoded.piece_starts
    return [p for i in sentences for p in encoded.pieces[starts[i] : starts[i + 1]].tolist()]


@given(cases(), st.integers(1, 3))
def test_each_sentence_is_scored_once_with_its_neighbours(case, processes):
    encoded, used = case
    found = lists(packed(encoded, used, ROOM))
    seen = []
    for rank in range(processes):
        for batch in ScoredBatches("x", encoded, used, WINDOW, Shard(rank, processes)):
            index = batch.index.tolist()
            while index:
                stretch = next(one for one in found if one[0] == index[0])
                assert index[: len(stretch)] == stretch
                index = index[len(stretch) :]
                seen += stretch
    assert sorted(seen) == used.tolist()


def test_documents_are_those_that_the_file_marks():
    tokenizer = word_level(a=3)
    named = [Sentence(("a",), ("O",), 1, name) for name in ("one", "one", "two")]
    encoded = encode(named, ("O",), tokenizer)
    assert encoded.documents.tolist() == [0, 0, 1]
    assert lists(packed(encoded, np.arange(3), ROOM)) == [[0, 1], [2]]
    both = encoded.followed_by(encoded)
    assert both.documents.tolist() == [0, 0, 1, 2, 2, 3]
    bare = encode([replace(one, document="") for one in named], ("O",), tokenizer)
    assert lists(packed(bare, np.arange(3), ROOM)) == [[0], [1], [2]]
