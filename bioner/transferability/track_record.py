"""How well measures foretold the gains that are known. No torch."""

from collections.abc import Collection, Hashable, Mapping
from typing import Any

import pandas as pd

from bioner.transferability.calibration import calibration
from bioner.transferability.known import Known
from bioner.transferability.outlook import Experience
from bioner.transferability.quality import RANDOM, RIDGE, SETTING, STATIC, quality
from bioner.transferability.registry import measures


def reliability(known: Known) -> list[str]:
    """Say how well the combination of measures, and the baselines, ranked sources so far.

    Returns:
        For each setting a line that names it, then one for the combination and each baseline, and
        what came of stated probabilities and intervals.
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
            said.append(f"{name}: {', '.join(map(_interval, scores.to_dict('records')))}")
        said += _sureness(known, dict(zip(SETTING, setting, strict=True)))
    return said or ["no target has known gains of two sources: nothing says how reliable this is"]


def _interval(row: Mapping[Hashable, Any]) -> str:
    """Say what a metric was; a regret is of gains, so in F1 points."""
    scale, digits = (100, 2) if row["metric"].startswith("regret") else (1, 3)
    mean, low, high = (f"{scale * row[name]:.{digits}f}" for name in ("mean", "low", "high"))
    return f"{row['metric']} {mean} [{low}, {high}]"


def _sureness(known: Known, setting: dict[str, object]) -> list[str]:
    """Say whether stated probabilities and intervals held in a setting."""
    here = (known.gains[list(setting)] == pd.Series(setting)).all(axis=1)
    fair = {name: one for name, one in measures().items() if not one.oracle}
    found = calibration(Experience.of(Known(known.gains[here], known.measures), fair))
    return [] if found is None else found.in_words()


def foretold(known: Known, names: Collection[str]) -> dict[str, float]:
    """Return the Spearman correlation of the measures that foretold the known gains.

    Of those named the ones with one view whose 95 % interval lies above 0.
    """
    used = known.measures[known.measures["measure"].isin(names)]
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
