"""Measures against gains: who wins, what the baselines are, what is refused."""

from collections.abc import Callable
from itertools import product

import numpy as np
import pandas as pd
import pytest

from bioner.errors import UserError
from bioner.transferability.baselines import (
    LANGRANK,
    langrank,
    learned_combination,
    static_ranking,
)
from bioner.transferability.quality import QUALITY_COLUMNS, quality

NAMES = ["a", "b", "c", "d", "e"]


def gains_of(seeds: int = 3, noise: float = 0.001) -> pd.DataFrame:
    """Gains that depend on the pair: `hidden` in `measures_of` knows them."""
    random = np.random.default_rng(0)
    truth = {pair: random.normal(0, 0.02) for pair in product(NAMES, NAMES)}
    rows = [
        (s, t, "transfer", "tiny", "all", seed, truth[s, t] + random.normal(0, noise))
        for s, t in product(NAMES, NAMES)
        if s != t
        for seed in range(seeds)
    ]
    return pd.DataFrame(
        rows, columns=["source", "target", "regime", "encoder", "train_size", "seed", "gain"]
    )


def measures_of(gains: pd.DataFrame) -> pd.DataFrame:
    """A measure that knows the gains, one that knows their opposite, and one that knows nothing."""
    mean = gains.groupby(["source", "target"])["gain"].mean()
    random = np.random.default_rng(1)
    rows = []
    for (source, target), gain in mean.items():
        rows += [
            (source, target, "vocabulary_coverage", "", gain, 0.1),
            (source, target, "label_divergence", "", gain, 0.1),  # larger is farther
            (source, target, "vocabulary_dice", "", random.random(), 0.1),
            (source, target, "source_size", "", float(NAMES.index(source)), 0.1),
        ]
    return pd.DataFrame(rows, columns=["source", "target", "measure", "view", "value", "seconds"])


def one(table: pd.DataFrame, measure: str, metric: str) -> pd.Series:
    rows = table[(table["measure"] == measure) & (table["metric"] == metric)]
    assert len(rows) == 1
    return rows.iloc[0]


def test_sources_are_compared_over_the_seeds_that_all_of_them_have() -> None:
    gains = gains_of(seeds=1)
    measures = measures_of(gains)
    lucky = gains[(gains["source"] == "b") & (gains["target"] == "a")].assign(seed=7, gain=0.9)
    more = pd.concat([gains, lucky])
    pd.testing.assert_frame_equal(
        quality(measures, more, resamples=50), quality(measures, gains, resamples=50)
    )
    # Where the sources of a target share no seed, all count.
    apart = gains.assign(seed=[NAMES.index(name) for name in gains["source"]])
    assert (
        one(quality(measures, apart, resamples=50), "vocabulary_coverage", "spearman")["targets"]
        == 5
    )


def test_good_bad_and_baselines() -> None:
    gains = gains_of()
    table = quality(measures_of(gains), gains, resamples=200)
    assert list(table.columns) == QUALITY_COLUMNS
    good = one(table, "vocabulary_coverage", "spearman")
    assert good["mean"] == pytest.approx(1) and good["targets"] == 5 and good["pairs"] == 20
    assert one(table, "label_divergence", "spearman")["mean"] == pytest.approx(-1)
    assert one(table, "vocabulary_coverage", "regret@1")["mean"] == pytest.approx(0)
    assert one(table, "vocabulary_coverage", "rank_of_best")["mean"] == 1
    random = one(table, "random", "spearman")
    assert (random["mean"], random["kind"]) == (0, "baseline")
    assert one(table, "random", "rank_of_best")["mean"] == 2.5
    assert set(table[table["kind"] == "baseline"]["measure"]) == {
        "random",
        "source size",
        "mean gain over the other targets",
    }
    assert one(table, "ridge, leave one target out", "spearman")["mean"] > 0.9
    assert (table["low"] <= table["mean"] + 1e-9).all()
    assert (table["high"] >= table["mean"] - 1e-9).all()
    assert table["note"].str.startswith("only 5 targets").all()


def test_one_target_says_nothing_of_others() -> None:
    gains = gains_of()
    one_target = gains[gains["target"] == "a"]
    table = quality(measures_of(gains), one_target, resamples=50)
    assert set(table["targets"]) == {1}
    assert table["note"].str.contains("says nothing of other targets").all()


def test_seeds_widen_the_interval() -> None:
    widths = []
    for noise in (0.0001, 0.05):
        gains = gains_of(noise=noise)
        measures = measures_of(gains_of(noise=0.0001))
        row = one(quality(measures, gains[gains["target"] == "a"]), "vocabulary_coverage", "ndcg")
        widths.append(row["high"] - row["low"])
    assert widths[0] < widths[1]


def test_a_pair_without_a_value_is_left_out_and_counted() -> None:
    gains = gains_of()
    measures = measures_of(gains)
    lacking = measures[
        ~(
            (measures["measure"] == "vocabulary_coverage")
            & (measures["source"] == "b")
            & (measures["target"] == "a")
        )
    ]
    assert one(quality(lacking, gains), "vocabulary_coverage", "ndcg")["pairs"] == 19


def test_settings_are_kept_apart() -> None:
    gains = gains_of()
    both = pd.concat([gains, gains.assign(encoder="other", gain=-gains["gain"])])
    table = quality(measures_of(gains), both, resamples=20)
    by = table[(table["measure"] == "vocabulary_coverage") & (table["metric"] == "spearman")]
    assert by.set_index("encoder")["mean"].to_dict() == pytest.approx({"tiny": 1, "other": -1})


def test_no_gain_no_row() -> None:
    gains = gains_of()
    assert quality(measures_of(gains), gains[:0]).empty
    assert quality(measures_of(gains), gains[gains["source"] == "a"]).empty


def test_static_ranking_leaves_the_target_out() -> None:
    gains = pd.DataFrame(
        [[np.nan, 0.1, 0.2], [0.3, np.nan, 0.4], [0.5, 0.7, np.nan]],
        index=[*"abc"],
        columns=[*"abc"],
    )
    found = static_ranking(gains)
    assert found.loc["a", "b"] == pytest.approx(0.7)  # of c alone
    assert found.loc["a", "c"] == pytest.approx(0.4)  # of b alone
    assert np.isnan(found.loc["a", "a"])


@pytest.mark.parametrize("combine", [learned_combination, langrank])
def test_no_combination_sees_the_gains_of_its_target(combine: Callable[..., pd.DataFrame]) -> None:
    gains = gains_of().groupby(["target", "source"])["gain"].mean().unstack()
    measures = {(name, ""): gains + 0.5 for name in LANGRANK}
    changed = gains.copy()
    changed.loc["a"] = -changed.loc["a"]
    one, other = (combine(measures, g) for g in (gains, changed))
    pd.testing.assert_series_equal(one.loc["a"], other.loc["a"])
    assert not np.allclose(one.loc["b"].dropna(), other.loc["b"].dropna())


def test_langrank_wants_each_of_its_features() -> None:
    gains = gains_of().groupby(["target", "source"])["gain"].mean().unstack()
    some = {(name, ""): gains for name in LANGRANK[1:]}
    assert langrank(some, gains).isna().all(axis=None)
    # What a tree can see: the rank follows the size alone.
    told = {(name, ""): gains * (name == "source_size") for name in LANGRANK}
    found = langrank(told, gains)
    assert found.corrwith(gains, axis=1, method="spearman").mean() > 0.5


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m, g: (m.drop(columns="view"), g), "measures: no column view"),
        (lambda m, g: (m, g.drop(columns="seed")), "gains: no column seed"),
        (lambda m, g: (m.assign(value=float("nan")), g), "measures: column value holds"),
        (lambda m, g: (m, g.assign(gain=float("inf"))), "gains: column gain holds"),
        (lambda m, g: (pd.concat([m, m]), g), "measures: there is more than one row for a, b"),
        (
            lambda m, g: (m.replace("vocabulary_dice", "vocabulary_die"), g),
            "measures: no measure 'vocabulary_die'; did you mean vocabulary_dice",
        ),
    ],
)
def test_refused(change: object, message: str) -> None:
    gains = gains_of()
    with pytest.raises(UserError) as raised:
        quality(*change(measures_of(gains), gains))  # type: ignore[operator]
    assert str(raised.value).startswith(message)
