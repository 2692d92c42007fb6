"""Subsets of a train split."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioner.errors import ConfigError
from bioner.text.subset import subset

sizes = st.one_of(st.integers(1, 40), st.floats(0, 1, exclude_min=True))


@given(st.integers(40, 90), sizes, sizes, st.integers(0, 2**32 - 1))
def test_nested_sorted_and_distinct(total: int, one: float, other: float, seed: int) -> None:
    small, large = sorted((subset(range(total), size, seed) for size in (one, other)), key=len)
    assert set(small) <= set(large) <= set(range(total))
    assert large == sorted(set(large))


@pytest.mark.parametrize(
    ("size", "count"),
    [(None, 50), (1.0, 50), (50, 50), (1, 1), (0.5, 25), (0.05, 3), (0.049, 2), (1e-9, 1)],
)
def test_size(size: int | float | None, count: int) -> None:
    assert len(subset(range(50), size, seed=1)) == count


def test_the_seed_decides() -> None:
    draws = {tuple(subset(range(1000), 10, seed)) for seed in range(5)}
    assert len(draws) == 5
    assert subset(range(1000), 10, 3) == subset("x" * 1000, 10, 3)


def test_the_drawn_sentences_stay_the_same() -> None:
    # Studies rest on these: another order here makes their subsets others.
    assert subset(range(100), 8, seed=1) == [5, 6, 8, 16, 38, 48, 81, 99]


@pytest.mark.parametrize(
    "size", [0, -1, 0.0, -0.5, 1.5, 2.0, math.nan, math.inf, True, False], ids=str
)
def test_illegal_size(size: float) -> None:
    with pytest.raises(ConfigError) as raised:
        subset(range(50), size, 1, key="finetune.train_size")
    assert str(raised.value) == (
        f"finetune.train_size: is {size}; a count of sentences (integer >= 1), "
        "a fraction in (0, 1], or null for all"
    )


def test_more_than_there_are() -> None:
    with pytest.raises(ConfigError, match=r"^pretrain.train_size: is 51, but .* has 50 sentences"):
        subset(range(50), 51, 1, key="pretrain.train_size")
