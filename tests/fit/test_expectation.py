"""The gain to expect of a candidate, before and after a look at devel."""

import pytest

from bioner.fit.candidates import BASELINE, BOTH, MTL, TRANSFER, Candidate
from bioner.fit.expectation import Expectation
from bioner.fit.rungs import rungs
from bioner.transferability.belief import Belief
from bioner.transferability.foreknowledge import Foreknowledge

KNOWN = Foreknowledge({"a": Belief(0.03, 0.02)}, {"mtl": Belief(-0.01, 0.01)})
ALONE = Candidate("transfer from a", TRANSFER, (), ("a",))


def test_before() -> None:
    expectation = Expectation(KNOWN, 100)
    assert expectation.before(ALONE) == Belief(0.03, 0.02)
    assert expectation.before(Candidate("mtl", MTL, (), ("a",))) == KNOWN.of("mtl", "a")
    assert expectation.before(Candidate("both", BOTH, (), ("a",))) is None
    assert expectation.before(Candidate("transfer from b", TRANSFER, (), ("b",))) is None
    assert expectation.before(BASELINE) == Belief(0.0, 0.02)


def test_sets_and_self_training_are_expected_to_give_what_they_begin_with() -> None:
    expectation = Expectation(KNOWN, 100)
    assert expectation.before(Candidate("a set", TRANSFER, (), ("a", "b"))) == Belief(0.03, 0.02)
    taught = Candidate("taught", TRANSFER, (), ("a",), ALONE)
    assert expectation.before(taught) == Belief(0.03, 0.02)


def test_without_knowledge_devel_alone_tells() -> None:
    expectation = Expectation(None, 100)
    assert expectation.before(ALONE) is None
    assert expectation.in_rung(ALONE, 0.6, 0.5, 1.0) == pytest.approx(0.1)


def test_a_large_devel_is_believed_and_a_small_one_is_not() -> None:
    large, small = Expectation(KNOWN, 100_000), Expectation(KNOWN, 5)
    assert large.in_rung(ALONE, 0.6, 0.5, 1.0) == pytest.approx(0.1, abs=0.01)
    assert small.in_rung(ALONE, 0.6, 0.5, 1.0) == pytest.approx(0.03, abs=0.01)


def test_an_early_rung_is_believed_less() -> None:
    expectation = Expectation(KNOWN, 100)
    found = [expectation.in_rung(ALONE, 0.6, 0.5, one.blur) for one in rungs(10, 3)]
    assert len(found) == 3 and 0.03 < found[0] < found[1] < found[2] < 0.1


@pytest.mark.parametrize(("f1", "base", "mentions"), [(1.0, 1.0, 9), (0.0, 0.0, 9), (0.0, 0.0, 0)])
def test_the_ends_of_the_scale(f1: float, base: float, mentions: int) -> None:
    found = Expectation(KNOWN, mentions).in_rung(ALONE, f1, base, 1.0)
    assert 0 <= found <= 0.03
