"""The shares of the tasks and the configs that give them."""

import math
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from omegaconf import OmegaConf

from bioner.batches.mixing import shares
from bioner.config.mixing import MixingConfig, Strategy
from bioner.errors import ConfigError

SIZES = {"small": 100, "large": 900}
CONF = Path(__file__).parents[2] / "conf" / "mixing"


def mixing(strategy, **values):
    return MixingConfig(strategy=Strategy(strategy), **values)


@pytest.mark.parametrize(
    ("config", "small"),
    [
        (mixing("proportional"), 0.1),
        (mixing("uniform"), 0.5),
        (mixing("round_robin"), 0.5),
        (mixing("temperature", temperature=1.0), 0.1),
        (mixing("temperature", temperature=2.0), 10 / (10 + 30)),
        (mixing("temperature", temperature=1e9), 0.5),
        (mixing("weights", weights={"large": 1.0, "small": 3.0}), 0.75),
        (mixing("annealed"), 0.1),
    ],
)
def test_shares(config, small):
    found = shares(config, SIZES)
    assert list(found) == ["small", "large"]
    assert found == pytest.approx({"small": small, "large": 1 - small})


def test_annealed_goes_in_a_straight_line_from_proportional_to_uniform():
    found = [shares(mixing("annealed"), SIZES, p)["small"] for p in (0.0, 0.25, 0.5, 1.0)]
    assert found == pytest.approx([0.1, 0.2, 0.3, 0.5])


@given(
    st.sampled_from([s for s in Strategy if s is not Strategy.weights]),
    st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 10**6), min_size=1),
    st.floats(0.05, 100),
    st.floats(0, 1),
)
def test_shares_add_up_and_follow_the_sizes(strategy, sizes, temperature, progress):
    found = shares(mixing(strategy, temperature=temperature), sizes, progress)
    assert math.fsum(found.values()) == pytest.approx(1)
    by_size = sorted(sizes, key=sizes.__getitem__)
    ordered = [found[task] for task in by_size]
    assert all(a <= b + 1e-12 for a, b in pairwise(ordered))


def test_a_low_temperature_does_not_overflow():
    assert shares(mixing("temperature", temperature=0.001), SIZES) == {"small": 0.0, "large": 1.0}


@pytest.mark.parametrize("temperature", [0.0, -1.0, math.inf, math.nan])
def test_a_temperature_must_be_finite_and_positive(temperature):
    with pytest.raises(ConfigError, match=r"mixing\.temperature: .*finite number greater than 0"):
        shares(mixing("temperature", temperature=temperature), SIZES)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({}, r"mixing\.weights\.small: missing"),
        ({"small": 1.0}, r"mixing\.weights\.large: missing"),
        ({"small": 1.0, "large": 0.0}, r"mixing\.weights\.large: 0\.0"),
        ({"small": 1.0, "large": -2.0}, r"mixing\.weights\.large: -2\.0"),
        ({"small": math.nan, "large": 1.0}, r"mixing\.weights\.small: nan"),
        ({"smal": 1.0, "large": 1.0}, r"mixing\.weights\.smal: no such task; did you mean small\?"),
    ],
)
def test_weights_that_can_not_be_used_are_refused(weights, message):
    with pytest.raises(ConfigError, match=message):
        shares(mixing("weights", weights=weights), SIZES)


def test_weights_that_the_strategy_would_drop_are_refused():
    with pytest.raises(ConfigError, match=r"mixing\.weights: .*strategy is uniform"):
        shares(mixing("uniform", weights={"small": 1.0, "large": 1.0}), SIZES)


def test_a_task_without_a_sentence_is_refused():
    with pytest.raises(ConfigError, match=r"dataset\.none: it has no sentence"):
        shares(mixing("uniform"), {"none": 0, "some": 1})


@pytest.mark.parametrize("strategy", list(Strategy))
def test_each_strategy_has_a_config_that_can_be_used(strategy):
    node = OmegaConf.merge(
        OmegaConf.structured(MixingConfig), OmegaConf.load(CONF / f"{strategy}.yaml")
    )
    config = OmegaConf.to_object(node)
    assert config.strategy is strategy
    if strategy is Strategy.weights:
        config.weights = {"small": 1.0, "large": 1.0}
    assert math.fsum(shares(config, SIZES).values()) == pytest.approx(1)
