"""The gain to expect of each source of a target, and how sure that is. No torch."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bioner.transferability.baselines import combination
from bioner.transferability.known import Known
from bioner.transferability.registry import Measure

# With fewer targets nothing can be left out and learnt from.
ENOUGH_TARGETS = 3
# The share of gains that an interval is made to hold.
HELD = 0.8


@dataclass(frozen=True)
class Prospect:
    """How sure the expected gain of one source is.

    Attributes:
        low: the lower end of an interval for the gain, in F1.
        high: its upper end.
        helps: the probability that the gain is above the noise, 0 to 1.
        error: the root mean square of what such expected gains were off, in F1.
    """

    low: float
    high: float
    helps: float
    error: float


@dataclass(frozen=True)
class Outlook:
    """What is expected of the sources of one target, each a value a source.

    Attributes:
        expected: the gain, in F1.
        low: the lower end of an interval for the gain of one source; NaN where too few targets
            are known to say.
        high: its upper end.
        helps: the probability that the gain is above the noise, 0 to 1; NaN as `low`.
        error: the root mean square of what such expected gains were off, in F1; NaN as `low`.
    """

    expected: pd.Series
    low: pd.Series
    high: pd.Series
    helps: pd.Series
    error: pd.Series

    def of(self, source: str) -> Prospect | None:
        """Return how sure one source's gain is; None where nothing tells."""
        found = [float(one[source]) for one in (self.low, self.high, self.helps, self.error)]
        return None if np.isnan(found).any() else Prospect(*found)


@dataclass(frozen=True)
class Experience:
    """Known pairs of one setting: what the measures said of them, and what they gained.

    Attributes:
        features: of each target standard scores of closeness among its sources that have a gain,
            these as rows and (measure, view) as columns; those that all targets have.
        gains: of each target the mean over seeds, in F1, by source.
        noise: see `noise_of`.
    """

    features: Mapping[str, pd.DataFrame]
    gains: Mapping[str, pd.Series]
    noise: float

    @classmethod
    def of(cls, known: Known, measures: Mapping[str, Measure]) -> "Experience":
        """Return the known pairs of the targets for which there are both gains and measures."""
        usable = known.measures[known.measures["measure"].isin(measures)]
        tables = closeness_of(usable, measures)
        means = known.gains.groupby(["target", "source"])["gain"].mean()
        gains = {str(t): means[t] for t in means.index.unique("target") if t in tables}
        keys = [k for one in tables.values() for k in one.index]
        shared = [k for k in dict.fromkeys(keys) if keys.count(k) == len(tables)]
        features = {
            t: standard(tables[t].loc[shared].reindex(columns=gains[t].index)) for t in gains
        }
        return cls(features, gains, noise_of(known.gains))

    def without(self, target: str) -> "Experience":
        """Return what is known of the other targets."""
        features = {name: one for name, one in self.features.items() if name != target}
        return Experience(features, {name: self.gains[name] for name in features}, self.noise)

    def outlook(self, features: pd.DataFrame) -> Outlook | None:
        """Return what to expect of the sources of a new target.

        The expected gain is the mean known one and what a ridge regression over the features
        adds (`bioner.transferability.baselines.combination`). Its errors are those that it makes
        on each known target when that is left out; the interval has their quantiles, and the
        probability is the share of errors with which the gain would be above the noise, by
        Laplace's rule: (n above + 1) / (n + 2).

        Args:
            features: as those of a known target; a column that these lack is not used.

        Returns:
            None where no measure has values for the known pairs of enough targets.
        """
        expected = self._expected(features)
        if expected is None:
            return None
        errors = self._errors(features.columns)
        if errors is None:
            unknown = pd.Series(np.nan, expected.index)
            return Outlook(expected, unknown, unknown, unknown, unknown)
        below, above = _quantiles(errors)
        over = (expected.to_numpy()[:, None] + errors > self.noise).sum(1)
        helps = pd.Series((over + 1) / (len(errors) + 2), expected.index)
        off = pd.Series(np.sqrt((errors**2).mean()), expected.index)
        return Outlook(expected, expected + below, expected + above, helps, off)

    def _expected(self, features: pd.DataFrame) -> pd.Series | None:
        if len(self.features) < ENOUGH_TARGETS:
            return None
        keys = [k for k in features.columns if k in next(iter(self.features.values())).columns]
        if not keys:
            return None
        seen = np.concatenate([one[keys].to_numpy() for one in self.features.values()])
        centred = np.concatenate([one - one.mean() for one in self.gains.values()])
        model = combination().fit(seen, centred)
        mean = float(np.concatenate([*self.gains.values()]).mean())
        return pd.Series(model.predict(features[keys].to_numpy()) + mean, features.index)

    def _errors(self, columns: pd.Index) -> NDArray[np.float64] | None:
        """Return gains less expected gains of all pairs, each target left out in turn, [pairs]."""
        found = []
        for target, features in self.features.items():
            own = features[[key for key in features.columns if key in columns]]
            expected = self.without(target)._expected(own)
            if expected is None:
                return None
            found.append((self.gains[target] - expected).to_numpy())
        return np.concatenate(found)


def standard(closeness: pd.DataFrame) -> pd.DataFrame:
    """Return standard scores of closeness among the sources of a target; 0 where there is none.

    Args:
        closeness: (measure, view) as rows and sources as columns; the result has them the other
            way round.
    """
    spread = closeness.std(axis=1, ddof=0).replace(0.0, np.nan)
    return closeness.sub(closeness.mean(axis=1), axis=0).div(spread, axis=0).fillna(0.0).T


def closeness_of(values: pd.DataFrame, measures: Mapping[str, Measure]) -> dict[str, pd.DataFrame]:
    """Return for each target a table of closeness, (measure, view) as rows, sources as columns.

    Args:
        values: columns `MEASURE_COLUMNS`.
        measures: every measure that is in it.
    """
    sign = values["measure"].map(lambda name: measures[name].closeness(1.0)).astype(float)
    signed = values.assign(closeness=values["value"].astype(float) * sign)
    return {
        target: signed[signed["target"] == target].pivot(
            index=["measure", "view"], columns="source", values="closeness"
        )
        for target in signed["target"].unique()
    }


def noise_of(gains: pd.DataFrame) -> float:
    """Return the standard error of a pair's mean gain, in F1: what other seeds would change.

    The variance over seeds is pooled over the pairs of a target; the median over targets is
    returned, for a target whose runs collapse says nothing of others. 0 where no pair has two
    seeds.

    Args:
        gains: columns `GAIN_COLUMNS`, a row a seed.
    """
    pairs = gains.groupby(["target", "source"])["gain"]
    squares = ((gains["gain"] - pairs.transform("mean")) ** 2).groupby(gains["target"]).sum()
    free, seeds = (
        (pairs.count() - 1).groupby("target").sum(),
        pairs.count().groupby("target").mean(),
    )
    of_targets = np.sqrt(squares / free / seeds)[free > 0]
    return float(of_targets.median()) if len(of_targets) else 0.0


def _quantiles(errors: NDArray[np.float64]) -> tuple[float, float]:
    """Return the ends between which a new error lies with probability `HELD` or more.

    Ranks are those of split conformal prediction (Lei et al. 2018, arXiv 1604.04173), which holds
    for errors in any order; those of one target are alike, so it is an approximation here.
    """
    ordered, outside = np.sort(errors), (1 - HELD) / 2 * (len(errors) + 1)
    first = max(int(np.floor(outside)) - 1, 0)
    return float(ordered[first]), float(ordered[len(errors) - 1 - first])
