"""How well measures foretold the gains that are known. No torch."""

from collections.abc import Collection

import pandas as pd

from bioner.transferability.known import Known
from bioner.transferability.quality import RANDOM, RIDGE, SETTING, STATIC, quality


def reliability(known: Known) -> list[str]:
    """Say how well the combination of measures, and the baselines, ranked sources so far.

    Returns:
        For each setting a line that names it, then one for the combination and each baseline.
    """
    if known.gains.empty or known.measures.empty:
        return ["no gains are known yet: how reliable this order is, nobody has measured"]
    table = quality(known.measures, known.gains)
    shown = table[table["measure"].isin([RIDGE, STATIC, RANDOM])]
    shown = shown[shown["metric"].isin(["spearman", "regret@1"])]
    said = []
    for setting, rows in shown.groupby(SETTING):
        first = rows.iloc[0]
        note = f"; {first['note']}" if first["note"] else ""
        said.append(f"{_setting(setting)}, {first['targets']} targets{note}")
        for name, scores in rows.groupby("measure", sort=False):
            numbers = map(
                "{metric} {mean:.3f} [{low:.3f}, {high:.3f}]".format_map, scores.to_dict("records")
            )
            said.append(f"{name}: {', '.join(numbers)}")
    return said or ["no target has known gains of two sources: nothing says how reliable this is"]


def foretold(known: Known, measures: Collection[str]) -> dict[str, float]:
    """Return the Spearman correlation of the measures that foretold the known gains.

    Of `measures` those with one view whose 95 % interval lies above 0.
    """
    used = known.measures[known.measures["measure"].isin(measures)]
    table = quality(used[used["view"] == ""], known.gains)
    table = table[(table["metric"] == "spearman") & (table["kind"] == "measure")]
    told = table[table["low"] > 0]
    return dict(zip(told["measure"], told["mean"].astype(float), strict=True))


def settings(gains: pd.DataFrame) -> str:
    """Say in which settings gains were measured: they need not hold in another."""
    found = gains[SETTING].drop_duplicates().sort_values(SETTING)
    return "; ".join(map(_setting, found.itertuples(index=False, name=None)))


def _setting(values: tuple[object, ...]) -> str:
    return "{}, {}, training size {}".format(*values)
