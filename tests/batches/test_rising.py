"""The targets' share rises to the end of the stage."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioner.batches.draws import RisingDraws
from bioner.batches.mixing import shares
from bioner.batches.rising import auxiliary_updates, rising_shares
from bioner.config.mixing import MixingConfig, Strategy

SIZES = {"target": 100, "small": 100, "large": 300}
UNIFORM = MixingConfig(strategy=Strategy.uniform)
PROPORTIONAL = MixingConfig(strategy=Strategy.proportional)


def found(base: MixingConfig, targets: list[str], progress: float) -> dict[str, float]:
    return rising_shares(lambda sizes: shares(base, sizes), SIZES, targets, 0.5, 1.0, progress)


@pytest.mark.parametrize(
    ("base", "progress", "expected"),
    [
        (UNIFORM, 0.0, [0.5, 0.25, 0.25]),
        (PROPORTIONAL, 0.0, [0.5, 0.125, 0.375]),
        (PROPORTIONAL, 0.5, [0.75, 0.0625, 0.1875]),
        (PROPORTIONAL, 1.0, [1.0, 0.0, 0.0]),
    ],
)
def test_the_base_shares_what_each_side_has(base, progress, expected):
    assert list(found(base, ["target"], progress).values()) == pytest.approx(expected)


@pytest.mark.parametrize("targets", [[], list(SIZES)])
@pytest.mark.parametrize("progress", [0.0, 1.0])
def test_with_one_side_alone_it_is_the_base(targets, progress):
    assert found(PROPORTIONAL, targets, progress) == shares(PROPORTIONAL, SIZES)


@given(
    st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 10**6), min_size=1),
    st.sets(st.sampled_from("abcdef")),
    st.floats(0.01, 1),
    st.floats(0.01, 1),
    st.floats(0, 1),
)
def test_add_up_to_one_and_give_the_targets_theirs(sizes, targets, start, end, progress):
    base = MixingConfig(strategy=Strategy.temperature, temperature=3.0)
    found = rising_shares(
        lambda sizes: shares(base, sizes), sizes, list(targets), start, end, progress
    )
    assert list(found) == list(sizes)
    assert math.fsum(found.values()) == pytest.approx(1)
    theirs = math.fsum(found[task] for task in sizes if task in targets)
    if 0 < len(targets & sizes.keys()) < len(sizes):
        assert theirs == pytest.approx(start + progress * (end - start))


def test_auxiliaries_come_less_and_less_and_never_at_the_end():
    stream = np.random.default_rng(1)
    drawn = np.stack([auxiliary_updates(stream, 0, 400, 400, 0.5, 1.0) for _ in range(400)])
    mean = drawn.mean(0)
    assert mean[:20].mean() == pytest.approx(0.97, abs=0.1)
    assert mean.mean() == pytest.approx(2 * math.log(2) - 1, abs=0.01)
    assert not drawn[:, -1].any()


def test_an_epoch_of_a_stage_has_the_shares_of_its_place():
    last = auxiliary_updates(np.random.default_rng(1), 900, 100, 1000, 0.5, 1.0)
    first = auxiliary_updates(np.random.default_rng(1), 0, 100, 1000, 0.5, 1.0)
    assert last.sum() < 20 < 60 < first.sum()


def test_a_share_of_one_has_no_auxiliary_and_one_update_is_the_start():
    assert not auxiliary_updates(np.random.default_rng(1), 0, 50, 50, 1.0, 1.0).any()
    assert len(auxiliary_updates(np.random.default_rng(1), 0, 1, 1, 0.5, 1.0)) == 1


def test_a_side_without_a_share_at_the_start_has_one_later() -> None:
    config = MixingConfig(strategy=Strategy.to_targets, start=1.0, end=0.5)
    draws = RisingDraws(config, SIZES, 1, 1, ["target"], 4000)
    is_target = np.array([True, False, False])
    drawn = draws.epoch(0, 0, is_target, 4000)[:, 0]
    counts = np.bincount(drawn, minlength=3)
    assert counts[0] == 4000 and min(counts[1:]) > 0
