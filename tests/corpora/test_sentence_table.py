"""Sentences as arrays give the same sentences back."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioner.corpora.cache import cached
from bioner.corpora.sentence import Sentence
from bioner.corpora.sentence_table import Table, joined, ranges
from bioner.corpora.tags import spans

words = st.text("aB-é病\u2028 \u0301🧬", min_size=1, max_size=6)


@st.composite
def sentences(draw: st.DrawFn) -> list[Sentence]:
    """Return sentences of any text, all with offsets or all without."""
    with_offsets, found = draw(st.booleans()), []
    for line in range(draw(st.integers(0, 6))):
        text = draw(st.lists(words, max_size=5))
        tags = [draw(st.sampled_from(["O", "B-X", "B-Y"])) for _ in text]
        offsets = tuple((i, i + 1) for i in range(len(text))) if with_offsets else ()
        document = draw(st.sampled_from(["", "1", "PMID 2"]))
        found.append(Sentence(tuple(text), tuple(tags), line + 1, document, offsets))
    return found


@given(sentences())
def test_what_goes_in_comes_out(given_sentences: list[Sentence]) -> None:
    table = Table.of(given_sentences, {"repaired": 3})
    assert list(table) == given_sentences
    assert [table[i] for i in range(len(table))] == given_sentences
    assert table[1:] == given_sentences[1:]
    assert table.notes == {"repaired": 3}
    assert Table.of(table) is table


@given(sentences())
def test_what_is_counted_is_what_is_there(given_sentences: list[Sentence]) -> None:
    table = Table.of(given_sentences)
    mentions = [m.type for s in given_sentences for m in spans(s.tags)]
    assert {t: n for t, n in table.mentions.items() if n} == {
        t: mentions.count(t) for t in mentions
    }
    marked = [i for i, s in enumerate(given_sentences) if spans(s.tags)]
    assert table.with_mention().tolist() == marked
    texts = [joined(s) for s in given_sentences]
    equal = table.text_hashes[:, None] == table.text_hashes
    assert equal.tolist() == [[a == b for b in texts] for a in texts]


def test_more_sentences_than_a_block() -> None:
    many = [Sentence((f"w{i}", "x"), ("O", "O"), 1 + 3 * i, str(i // 10)) for i in range(2500)]
    table = Table.of(many)
    assert list(table) == many and table[2499] == many[-1] and table[-1] == many[-1]
    assert list(table.take([2, 1025], {})) == [many[2], many[1025]]
    with pytest.raises(IndexError):
        table[2500]


def test_from_disk(tmp_path: Path) -> None:
    many = [Sentence(("\u03b1", "b\u2028"), ("B-X", "I-X"), 1, "d")]
    for _ in range(2):
        table = cached(tmp_path, {"a": 1}, Table, lambda: Table.of(many, {"n": 1}))
        assert isinstance(table.word_ids, np.memmap)
        assert list(table) == many and table.notes == {"n": 1}


def test_ranges_runs_through_every_group() -> None:
    assert ranges(np.array([5, 0, 9]), np.array([2, 0, 3])).tolist() == [5, 6, 9, 10, 11]
