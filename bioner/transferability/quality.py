"""How well each measure ranks the sources of a target, against gains that were measured."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from bioner.errors import UserError, nearest
from bioner.transferability.baselines import (
    langrank,
    learned_combination,
    random_scores,
    static_ranking,
)
from bioner.transferability.ranking import METRICS
from bioner.transferability.registry import measures as known_measures
from bioner.transferability.tables import GAIN_COLUMNS, MEASURE_COLUMNS, PAIR, check_table

SETTING = ["regime", "encoder", "train_size"]
QUALITY_COLUMNS = [
    *SETTING,
    "measure",
    "view",
    "kind",
    "metric",
    "mean",
    "low",
    "high",
    "targets",
    "pairs",
    "seeds",
    "note",
]
"""The columns that `quality` returns; `kind` is measure, oracle, baseline or combination."""

RANDOM, SIZE, STATIC = "random", "source size", "mean gain over the other targets"
RIDGE = "ridge, leave one target out"
TREES = "LangRank's features, leave one target out"
_SIZE_MEASURE = "source_size"
# Draws of seeds for each target; few seeds have fewer distinct draws.
_SEED_DRAWS = 200
# With fewer targets a bootstrap interval is not to be trusted, however narrow.
FEW_TARGETS = 10


def quality(
    measures: pd.DataFrame, gains: pd.DataFrame, resamples: int = 1000, seed: int = 1
) -> pd.DataFrame:
    """Score every measure, and the baselines that it must beat, as a ranking of the sources.

    For each setting (regime, encoder, train_size) and each target with two sources or more, the
    sources are ranked by the measure and compared with their mean gains over the seeds that all of
    the target's sources have (over all seeds, where they share none). The mean over targets has a
    95 % bootstrap interval over targets and, within each, seeds.

    Args:
        measures: as `measure` writes them: columns `MEASURE_COLUMNS` (`seconds` may lack).
        gains: columns `GAIN_COLUMNS`, in F1 (0..1), a row a seed.
        resamples: bootstrap draws.
        seed: of the draws.

    Returns:
        A row for each setting, measure, view and metric of `ranking.METRICS`, columns
        `QUALITY_COLUMNS`; empty where no target has two sources with gains. A measure is compared
        on the pairs for which it has a value, `pairs` says how many these are.

    Raises:
        UserError: a column that lacks, a value that is no finite number, a pair that is there
            twice, or an unknown measure.
    """
    check_table(measures, "measures", MEASURE_COLUMNS[:-1], "value", [*PAIR, "measure", "view"])
    check_table(gains, "gains", GAIN_COLUMNS, "gain", GAIN_COLUMNS[:-1])
    known = known_measures()
    for name in measures["measure"].unique():
        if name not in known:
            raise UserError(f"measures: no measure {name!r}; {nearest(str(name), known)}")
    rows = [
        dict(zip(SETTING, setting, strict=True)) | row
        for setting, of_setting in gains.groupby(SETTING, dropna=False)
        for row in _setting(measures, of_setting, resamples, seed)
    ]
    return pd.DataFrame(rows, columns=QUALITY_COLUMNS)


def _setting(
    measures: pd.DataFrame, gains: pd.DataFrame, resamples: int, seed: int
) -> Iterator[dict[str, object]]:
    """Yield the rows of one setting."""
    helped = _shared_seeds(gains[gains["source"] != gains["target"]])
    mean = helped.pivot_table("gain", "target", "source", aggfunc="mean")
    mean = mean[mean.count(axis=1) >= 2]
    if mean.empty:
        return
    draws = {
        target: _seed_draws(helped[helped["target"] == target], mean.columns, seed)
        for target in mean.index
    }
    known = known_measures()
    closeness = {
        (str(name), str(view)): rows.pivot(index="target", columns="source", values="value")
        * known[str(name)].closeness(1.0)
        for (name, view), rows in measures.groupby(["measure", "view"])
    }
    kinds = {key: "oracle" if known[key[0]].oracle else "measure" for key in closeness}
    scored = {key: (kinds[key], table) for key, table in closeness.items()}
    scored |= {(name, ""): ("baseline", table) for name, table in _baselines(closeness, mean)}
    fair = {key: table for key, table in closeness.items() if kinds[key] == "measure"}
    if fair:
        scored[RIDGE, ""] = ("combination", learned_combination(fair, mean))
        scored[TREES, ""] = ("combination", langrank(fair, mean))
    seeds = helped["seed"].nunique()
    for (name, view), (kind, table) in scored.items():
        for row in _scores(table.reindex_like(mean), mean, draws, resamples, seed):
            yield {"measure": name, "view": view, "kind": kind, "seeds": seeds} | row


def _shared_seeds(gains: pd.DataFrame) -> pd.DataFrame:
    """Leave of each target the seeds of all its sources, or all seeds where they share none.

    A source with three seeds beside others with one would be compared by the luck of that one.
    """
    sources = gains.groupby("target")["source"].transform("nunique")
    having = gains.groupby(["target", "seed"])["source"].transform("nunique")
    whole = having == sources
    some = whole.groupby(gains["target"]).transform("any")
    return gains[whole | ~some]


def _baselines(
    closeness: Mapping[tuple[str, str], pd.DataFrame], gains: pd.DataFrame
) -> Iterator[tuple[str, pd.DataFrame]]:
    yield RANDOM, random_scores(gains)
    if (_SIZE_MEASURE, "") in closeness:
        yield SIZE, closeness[_SIZE_MEASURE, ""]
    yield STATIC, static_ranking(gains)


def _seed_draws(gains: pd.DataFrame, sources: pd.Index, seed: int) -> np.ndarray:
    """Return mean gains for bootstrap draws of the seeds, [draws, sources]; the first is plain.

    The sources of a draw share its seeds, as they share the single run that they are compared with.
    """
    by_seed = gains.pivot_table("gain", "seed", "source").reindex(columns=sources).to_numpy()
    random = np.random.default_rng(seed)
    drawn = random.multinomial(len(by_seed), np.full(len(by_seed), 1 / len(by_seed)), _SEED_DRAWS)
    counts = np.vstack([np.ones(len(by_seed), dtype=np.int64), drawn])
    there = np.isfinite(by_seed)
    total = counts @ np.where(there, by_seed, 0.0)
    with np.errstate(invalid="ignore"):
        return total / (counts @ there)


def _scores(
    table: pd.DataFrame,
    gains: pd.DataFrame,
    draws: Mapping[object, np.ndarray],
    resamples: int,
    seed: int,
) -> Iterator[dict[str, object]]:
    """Yield a row a metric for one measure."""
    found: dict[str, list[np.ndarray]] = {metric: [] for metric in METRICS}
    pairs = 0
    for target in gains.index:
        scores = table.loc[target].to_numpy(dtype=float)
        there = np.isfinite(scores) & gains.loc[target].notna().to_numpy()
        if there.sum() < 2:
            continue
        pairs += int(there.sum())
        drawn = draws[target][:, there]
        drawn = np.vstack([drawn[:1], drawn[1:][np.isfinite(drawn[1:]).all(axis=1)]])
        distinct, place = np.unique(drawn, axis=0, return_inverse=True)
        for metric, function in METRICS.items():
            values = np.array([function(scores[there], one) for one in distinct])
            found[metric].append(values[place.ravel()])
    for metric, of_targets in found.items():
        if of_targets:
            mean, low, high = _interval(of_targets, resamples, seed)
            yield {
                "metric": metric,
                "mean": mean,
                "low": low,
                "high": high,
                "targets": len(of_targets),
                "pairs": pairs,
                "note": _note(len(of_targets)),
            }


def _interval(
    values: Sequence[np.ndarray], resamples: int, seed: int
) -> tuple[float, float, float]:
    """Return the mean over targets and its 95 % bootstrap interval over targets and seeds.

    Args:
        values: of each target, plain first and then for each draw of seeds.
        resamples: draws of targets.
        seed: of the draws.
    """
    random = np.random.default_rng(seed)
    shape = (resamples, len(values))
    drawn = np.stack([random.choice(one[1:] if len(one) > 1 else one, shape) for one in values])
    targets = random.integers(len(values), size=shape)
    means = np.take_along_axis(drawn, targets[None], axis=0)[0].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(np.mean([of_target[0] for of_target in values])), float(low), float(high)


def _note(targets: int) -> str:
    if targets == 1:
        return "one target: the interval is over seeds alone and says nothing of other targets"
    if targets < FEW_TARGETS:
        return f"only {targets} targets: the interval is wide, or too narrow to be trusted"
    return ""
