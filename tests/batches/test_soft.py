"""What a teacher said: each sentence once in a pass, with its own words' probabilities."""

from itertools import chain

import numpy as np

from bioner.batches.passes import Cut
from bioner.batches.soft import SoftSentences, SoftText
from bioner.batches.tokenizer import SpecialTokens
from bioner.batches.window import Window
from bioner.corpora.sentence_table import starts_of

SIZES = (5, 1, 7)
TAGS = 3


def part(number: int, size: int) -> SoftSentences:
    """A part of sentences of 1 to 3 words, of which each second is lost; soft says which it is."""
    words = np.arange(size, dtype=np.int32) % 3 + 1
    counts = np.arange(words.sum(), dtype=np.int32) % 2
    soft = np.zeros((words.sum(), TAGS), np.float16)
    soft[:, 0] = 100 * number + np.arange(words.sum())
    pieces = np.arange(counts.sum(), dtype=np.int32) + 10
    return SoftSentences(pieces, counts, words, soft)


PARTS = [part(number, size) for number, size in enumerate(SIZES)]


def text() -> SoftText:
    return SoftText(PARTS, lambda pieces: Cut(2), seed=1, task=0)


def names(count: int, done: int = 0) -> list[list[tuple[int, int]]]:
    """Return the part and the place of each sentence of so many batches."""
    draws = text().draws(done)
    found = []
    for _ in range(count):
        one = next(draws)
        number = int(one.soft[0, 0]) // 100
        found.append([(number, int(i)) for i in one.sentences])
    return found


def test_each_pass_has_every_sentence_once() -> None:
    batches = 3 + 1 + 4
    every = [(number, i) for number, size in enumerate(SIZES) for i in range(size)]
    drawn = names(2 * batches)
    passes = [[*chain(*drawn[:batches])], [*chain(*drawn[batches:])]]
    assert all(sorted(one) == every for one in passes) and passes[0] != passes[1]
    for done in range(2 * batches - 1):
        assert names(2, done) == drawn[done : done + 2]


def test_a_batch_has_what_was_said_of_its_words() -> None:
    window = Window(SpecialTokens((1,), (2,)), 16, 0)
    draws = text().draws(0)
    for _ in range(8):
        one = next(draws)
        batch = one.with_soft(window.batch("task", one.encoded, one.sentences))
        starts = starts_of(one.encoded.sentence_words)
        wanted = [
            one.soft[word, 0]
            for i in one.sentences.tolist()
            for word in range(starts[i], starts[i + 1])
            if one.encoded.piece_counts[word]
        ]
        assert batch.soft is not None and batch.soft.shape == (len(batch.tags), TAGS)
        assert batch.soft[:, 0].tolist() == wanted
        assert batch.to("cpu").soft is not None
