"""Expected gains, intervals and probabilities; and whether they hold when a target is left out."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bioner.transferability.calibration import calibration
from bioner.transferability.known import Known
from bioner.transferability.outlook import HELD, Experience, noise_of, standard
from bioner.transferability.registry import measures
from bioner.transferability.tables import GAIN_COLUMNS, MEASURE_COLUMNS

MEASURES = ["mention_overlap_tokens", "perplexity"]  # the closer a source, the less the second


def known(targets: int, seed: int, noise: float, seeds: int = 2, told: float = 1.0) -> Known:
    """Pairs whose gain is 0.04 x (closeness - 0.5) x told, and noise of each seed."""
    random = np.random.default_rng(seed)
    names = [f"d{i}" for i in range(targets)]
    gains, values = [], []
    for source, target in product(names, names):
        if source == target:
            continue
        close = random.random()
        values += [
            (source, target, "mention_overlap_tokens", "", close, 0.1),
            (source, target, "perplexity", "", 100 * (1 - close), 0.1),
        ]
        for number in range(seeds):
            gain = 0.04 * told * (close - 0.5) + random.normal() * noise
            gains.append((source, target, "transfer", "tiny", "all", number, gain))
    return Known(
        pd.DataFrame(gains, columns=GAIN_COLUMNS), pd.DataFrame(values, columns=MEASURE_COLUMNS)
    )


def of(one: Known) -> Experience:
    return Experience.of(one, measures())


def test_what_measures_foretell_is_expected_and_sure() -> None:
    experience = of(known(8, 1, noise=1e-4))
    found = experience.without("d0").outlook(experience.features["d0"])
    assert found is not None
    gains = experience.gains["d0"]
    assert np.abs(found.expected - gains).mean() < np.abs(gains - gains.mean()).mean() / 2
    best, worst = str(gains.idxmax()), str(gains.idxmin())
    assert found.helps[best] > 0.9 and found.helps[worst] < 0.1
    prospect = found.of(best)
    assert prospect is not None and prospect.low < found.expected[best] < prospect.high


def test_what_nothing_foretells_is_as_likely_as_it_was_elsewhere() -> None:
    experience = of(known(9, 2, noise=0.02, told=0.0))
    found = calibration(experience)
    assert found is not None
    assert found.pairs["helps"].std() < 0.2
    assert abs(found.pairs["helps"].mean() - found.pairs["helped"].mean()) < 0.1
    assert found.brier >= found.brier_of_base - 0.02


def test_too_few_targets_give_no_interval_and_fewer_no_expectation() -> None:
    new = of(known(8, 1, 0.001)).features["d0"]
    three, two = of(known(3, 3, 0.001)), of(known(2, 3, 0.001))
    found = three.outlook(new)
    assert found is not None and found.expected.notna().all() and found.of("d1") is None
    assert two.outlook(new) is None and calibration(three) is None and calibration(two) is None


def test_a_measure_that_some_target_lacks_is_not_used() -> None:
    whole = known(6, 4, 0.001)
    lacking = whole.measures[
        ~((whole.measures["measure"] == "perplexity") & (whole.measures["target"] == "d3"))
    ]
    experience = of(Known(whole.gains, lacking))
    assert {key for one in experience.features.values() for key in one.columns} == {
        ("mention_overlap_tokens", "")
    }
    assert of(whole).outlook(of(whole).features["d0"]) is not None


def test_noise_is_what_other_seeds_change() -> None:
    rows = [("a", "t", 1, 0.01), ("a", "t", 2, 0.03), ("b", "t", 1, 0.0), ("b", "t", 2, 0.02)]
    gains = pd.DataFrame(rows, columns=["source", "target", "seed", "gain"])
    # Each pair: squares about its mean 2 x 0.01², one degree of freedom, so variance 0.0002.
    assert noise_of(gains) == pytest.approx(np.sqrt(0.0002 / 2))
    assert noise_of(gains[gains["seed"] == 1]) == 0.0
    wild = gains.assign(target="u", gain=gains["gain"] * 100)
    calm = gains.assign(target="v")
    assert noise_of(pd.concat([gains, wild, calm])) == pytest.approx(np.sqrt(0.0002 / 2))


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000), st.sampled_from([0.002, 0.01, 0.03]))
def test_stated_sureness_holds(seed: int, noise: float) -> None:
    found = calibration(of(known(8, seed, noise)))
    assert found is not None
    assert len(found.pairs) == 56 and found.pairs["helps"].between(0, 1).all()
    assert abs(found.held - HELD) < 0.2
    assert found.right <= min(found.said, found.helped)
    bins = found.bins()
    assert bins["pairs"].sum() == 56 and len(bins) <= 10
    assert (bins["stated"].between(bins["from"], bins["to"])).all()
    weighted = (bins["helped"] * bins["pairs"]).sum()
    assert weighted == pytest.approx(found.helped)
    assert found.in_words()[1] == f"intervals of 80%: held {found.held:.0%} of the gains"


def test_standard_scores_have_no_scale_and_zero_where_nothing_is_known() -> None:
    index = pd.MultiIndex.from_tuples([("a", ""), ("b", ""), ("c", "")])
    closeness = pd.DataFrame([[1.0, 2.0, 3.0], [5.0, 5.0, 5.0], [1.0, np.nan, 3.0]], index=index)
    found = standard(closeness)
    assert found.shape == (3, 3)
    assert found[("a", "")].tolist() == pytest.approx([-np.sqrt(1.5), 0, np.sqrt(1.5)])
    assert found[("b", "")].tolist() == [0, 0, 0] and found[("c", "")].tolist() == [-1, 0, 1]
