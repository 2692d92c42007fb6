"""Passes: every sentence once, budgets kept, little padding, and batches that differ by pass."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bioner.batches.passes import Cut, Passes
from bioner.batches.plan import make_plan
from bioner.config.mixing import MixingConfig, Strategy

LENGTHS = np.random.default_rng(1).gamma(2.0, 15.0, 4000).astype(np.int32) + 3


def passes(lengths=LENGTHS, sentences=32, tokens=1024, seed=1):
    return Passes(len(lengths), Cut(sentences, tokens, lengths), seed, 0)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.integers(2, 90), min_size=1, max_size=300), st.integers(1, 40), st.integers(1, 300)
)
def test_each_sentence_once_and_no_batch_over_its_budget(lengths, sentences, tokens):
    batches = passes(np.array(lengths), sentences, tokens).batches(0)
    assert sorted(i for batch in batches for i in batch.tolist()) == list(range(len(lengths)))
    for batch in batches:
        longest = max(lengths[i] for i in batch)
        assert len(batch) <= sentences
        assert len(batch) == 1 or len(batch) * longest <= tokens


def test_batches_of_similar_length_pad_less_than_a_tenth_and_are_in_no_order():
    batches = passes(sentences=1000).batches(0)
    longest = np.array([LENGTHS[batch].max() for batch in batches])
    positions = sum(len(batch) * most for batch, most in zip(batches, longest, strict=True))
    assert LENGTHS.sum() / positions > 0.9
    assert abs(np.corrcoef(longest, np.arange(len(longest)))[0, 1]) < 0.3


def test_a_sentence_has_other_company_in_another_pass():
    first, second = (passes().batches(number) for number in (0, 1))
    partners = [
        {int(i): set(batch.tolist()) - {int(i)} for batch in one for i in batch}
        for one in (first, second)
    ]
    kept = [len(partners[0][i] & partners[1][i]) / max(1, len(partners[0][i])) for i in range(500)]
    assert np.mean(kept) < 0.2


@pytest.mark.parametrize("tokens", [None, 512])
def test_find_says_where_a_batch_is(tokens):
    made = passes(tokens=tokens)
    places = [(n, i) for n in range(3) for i in range(made.count(n))]
    for batch in range(0, len(places), 11):
        assert made.find(batch) == places[batch]


def test_an_epoch_is_one_pass_where_the_number_of_batches_differs_by_pass():
    cut = Cut(32, 512, LENGTHS)
    plan = make_plan(
        MixingConfig(Strategy.proportional),
        {"only": len(LENGTHS)},
        ["only"],
        {"only": cut},
        3,
        None,
        1,
    )
    for epoch in range(3):
        seen = [i for ((_, batch),) in plan.updates(epoch) for i in batch.tolist()]
        assert sorted(seen) == list(range(len(LENGTHS)))
    assert len({plan.epoch_steps(epoch) for epoch in range(3)}) > 1
