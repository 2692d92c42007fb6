"""What is believed of a gain after it was seen: between both, surer than either."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioner.transferability.belief import Belief

beliefs = st.builds(Belief, st.floats(-0.5, 0.5), st.floats(0.001, 0.3))


@given(beliefs, beliefs)
def test_it_lies_between_and_is_surer(one: Belief, other: Belief) -> None:
    found = one.after(other)
    low, high = sorted([one.mean, other.mean])
    assert low - 1e-12 <= found.mean <= high + 1e-12
    assert found.error <= min(one.error, other.error)
    again = other.after(one)
    assert (again.mean, again.error) == pytest.approx((found.mean, found.error))


def test_equal_errors_meet_in_the_middle() -> None:
    found = Belief(0.04, 0.02).after(Belief(0.0, 0.02))
    assert (found.mean, found.error) == pytest.approx((0.02, 0.02 / math.sqrt(2)))


def test_gains_on_top_of_each_other() -> None:
    found = Belief(0.03, 0.03).and_then(Belief(-0.01, 0.04))
    assert (found.mean, found.error) == pytest.approx((0.02, 0.05))


def test_not_worse_is_the_share_of_a_normal_distribution() -> None:
    assert Belief(0.0, 0.02).not_worse == pytest.approx(0.5)
    assert Belief(0.02, 0.02).not_worse == pytest.approx(0.841345, abs=1e-6)
    assert Belief(-0.04, 0.02).not_worse == pytest.approx(0.022750, abs=1e-6)
