"""Subsets of a train split."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioner.config.blocks import SubsetUnit
from bioner.corpora.sentence import Sentence
from bioner.corpora.sentence_table import Table
from bioner.corpora.subset import subset
from bioner.errors import ConfigError

sizes = st.one_of(st.integers(1, 40), st.floats(0, 1, exclude_min=True))
units = st.sampled_from(list(SubsetUnit))


def split(types: Sequence[str], per_document: int = 0) -> Table:
    """Return one-word sentences: of a type, or without a mention where it is ""."""
    return Table.of(
        Sentence(
            ("w",),
            (f"B-{name}" if name else "O",),
            i + 1,
            f"d{i // per_document}" if per_document else "",
        )
        for i, name in enumerate(types)
    )


def plain(total: int) -> Table:
    return split([""] * total)


@st.composite
def splits(draw: st.DrawFn) -> Table:
    """Return a split of 40 to 90 documents, in which some types are rare."""
    types = draw(st.lists(st.sampled_from(["", "", "", "A", "B", "C"]), min_size=40, max_size=90))
    for place in draw(st.lists(st.integers(0, 39), max_size=4)):
        types[place] = draw(st.sampled_from("DEF"))
    return split(types, per_document=1)


@given(splits(), sizes, sizes, st.integers(0, 2**32 - 1), units)
def test_nested_sorted_and_distinct(
    table: Table, one: float, other: float, seed: int, unit: SubsetUnit
) -> None:
    small, large = sorted(
        (subset(table, size, seed, unit).tolist() for size in (one, other)), key=len
    )
    assert set(small) <= set(large) <= set(range(len(table)))
    assert large == sorted(set(large))


@given(splits(), st.integers(1, 40), st.integers(0, 2**32 - 1), units)
def test_no_type_vanishes_where_it_need_not(
    table: Table, size: int, seed: int, unit: SubsetUnit
) -> None:
    drawn = subset(table, size, seed, unit)
    assert len(drawn) == size
    whole = {tag for s in table for tag in s.tags} - {"O"}
    left = {tag for i in drawn.tolist() for tag in table[i].tags} - {"O"}
    assert len(left) >= min(size, len(whole))


@given(splits(), st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_where_no_type_would_vanish_the_order_is_a_plain_permutation(
    table: Table, size: int, seed: int
) -> None:
    drawn = np.random.Generator(np.random.PCG64(seed)).permutation(len(table))[:size]
    whole, left = (
        {tag for i in places for tag in table[int(i)].tags} - {"O"}
        for places in (range(len(table)), drawn)
    )
    if whole == left:
        assert subset(table, size, seed).tolist() == sorted(drawn)


@given(st.integers(1, 6), st.integers(2, 9), st.integers(0, 99))
def test_documents_are_taken_whole(per_document: int, documents: int, seed: int) -> None:
    table = split(["A"] * per_document * documents, per_document)
    drawn = subset(table, 0.5, seed, SubsetUnit.documents).tolist()
    taken = {table[i].document for i in drawn}
    assert len(taken) == max(1, math.floor(documents / 2 + 0.5))
    assert len(drawn) == per_document * len(taken)


def test_documents_of_a_file_that_marks_none() -> None:
    with pytest.raises(ConfigError, match=r"^subset_unit: is documents, but the train file that"):
        subset(plain(5), 2, 1, SubsetUnit.documents, "finetune.train_size")
    assert len(subset(plain(5), None, 1, SubsetUnit.documents)) == 5


@pytest.mark.parametrize(
    ("size", "count"),
    [(None, 50), (1.0, 50), (50, 50), (1, 1), (0.5, 25), (0.05, 3), (0.049, 2), (1e-9, 1)],
)
def test_size(size: int | float | None, count: int) -> None:
    assert len(subset(plain(50), size, seed=1)) == count


def test_the_seed_decides() -> None:
    draws = {tuple(subset(plain(1000), 10, seed).tolist()) for seed in range(5)}
    assert len(draws) == 5
    other = split(["A"] * 1000)
    assert subset(plain(1000), 10, 3).tolist() == subset(other, 10, 3).tolist()


def test_the_drawn_sentences_stay_the_same() -> None:
    # Studies rest on these: another order here makes their subsets others.
    assert subset(plain(100), 8, seed=1).tolist() == [5, 6, 8, 16, 38, 48, 81, 99]


def test_a_type_that_would_vanish_takes_the_place_of_the_last_sentence() -> None:
    types = [""] * 100
    types[50] = "Rare"
    assert subset(split(types), 8, seed=1).tolist() == [6, 8, 16, 38, 48, 50, 81, 99]


@pytest.mark.parametrize(
    "size", [0, -1, 0.0, -0.5, 1.5, 2.0, math.nan, math.inf, True, False], ids=str
)
def test_illegal_size(size: float) -> None:
    with pytest.raises(ConfigError) as raised:
        subset(plain(50), size, 1, key="finetune.train_size")
    assert str(raised.value) == (
        f"finetune.train_size: is {size}; a count of sentences (integer >= 1), "
        "a fraction in (0, 1], or null for all"
    )


def test_more_than_there_are() -> None:
    with pytest.raises(ConfigError, match=r"^pretrain.train_size: is 51, but .* has 50 sentences"):
        subset(plain(50), 51, 1, key="pretrain.train_size")
    documents = split([""] * 50, per_document=10)
    with pytest.raises(ConfigError, match=r"^train_size: is 6, but the split has 5 documents"):
        subset(documents, 6, 1, SubsetUnit.documents)
