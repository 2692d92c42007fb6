"""Gains: what a regime adds over another that it contains, paired by seed, subset and fold."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from bioner.report.analyses.pairs import FEWEST_SEEDS, PAIRED
from bioner.report.analyses.scores import Draws, deviation, mean, named_seeds
from bioner.report.evidence import UnitCounts, Units
from bioner.report.frame import CELL, Cell, by_cell
from bioner.report.resampling import (
    Counts,
    bootstrap_p,
    holm,
    interval,
    over_seeds,
    randomisation_p,
)

Rows = Sequence[Mapping[Any, Any]]

_MARKS = ((0.001, "***"), (0.01, "**"), (0.05, "*"))


_TESTED = ["low", "high", "p_bootstrap", "p_randomisation", "p"]
_WITHOUT = ("n", "gain", "low", "high", "p")


def compared(
    pairs: pd.DataFrame,
    units: Units,
    draws: Draws,
    samples: int,
    seed: int,
    family: int = 0,
) -> pd.DataFrame:
    """Return a row per cell of `paired`: the mean gain, its interval, p-values and mark.

    `p` is the larger of the bootstrap's and the randomisation's; `p_holm` corrects it for the
    `family`; `mark` is given by `p_holm` from three seeds on. `collapsed` counts the pairs of which
    a run collapsed: they are in all this, and not in `gain_without` and its like.

    Args:
        pairs: of `paired`.
        units: of each target and fold.
        draws: of each run.
        samples: of the randomisation.
        seed: of all that is drawn.
        family: how many comparisons the study asked for, if more than there are rows to test.
    """
    table = _table(pairs, units, draws, samples, seed, family)
    lost = pairs.groupby(CELL, sort=False).collapsed.sum().astype(int)
    table = table.merge(lost.reset_index(), on=CELL, how="left")
    others = pairs[~pairs.collapsed.astype(bool)]
    alone = (
        table if len(others) == len(pairs) else _table(others, units, draws, samples, seed, family)
    )
    kept = [*_WITHOUT, "p_holm", "mark"]
    alone = alone[[*CELL, *kept]].rename(columns={key: f"{key}_without" for key in kept})
    table = table.merge(alone, on=CELL, how="left")
    return table.fillna({"n_without": 0, "mark_without": ""}).astype({"n_without": int})


def _table(
    pairs: pd.DataFrame,
    units: Units,
    draws: Draws,
    samples: int,
    seed: int,
    family: int,
) -> pd.DataFrame:
    cells = by_cell(pairs, PAIRED)
    randomised = _randomised(cells, units, samples, seed)
    rows = [
        dict(zip(CELL, cell, strict=True)) | _tested(part, draws, seed, randomised.get(cell))
        for cell, part in cells.items()
    ]
    columns = [*CELL, "n", "seeds", "base_f1", "f1", "gain", "std", *_TESTED]
    table = pd.DataFrame(rows, columns=columns)
    # One seed can't carry a test of what training gives, so it is no comparison to correct for.
    testable = table.p.where(table.n >= FEWEST_SEEDS).astype(float)
    table["p_holm"] = holm(testable.to_numpy(), family)
    table["mark"] = [_mark(p) for p in table.p_holm]
    table["why"] = [_why(n, p) for n, p in zip(table.n, table.p, strict=True)]
    return table


def _randomised(
    cells: Mapping[Cell, Rows], units: Units, samples: int, seed: int
) -> dict[Cell, float]:
    """Return the randomisation's p of every cell whose runs all have prediction files."""
    found: dict[Cell, float] = {}
    for target in dict.fromkeys(target for target, _ in units):
        text = {fold: counts for (name, fold), counts in units.items() if name == target}
        known = {
            cell: part
            for cell, part in cells.items()
            if part[0]["target"] == target and _all_have(text, part)
        }
        gold = {fold: counts.gold.sum() for fold, counts in text.items()}
        p = randomisation_p(
            [(_counts(text, one, "run"), _counts(text, one, "base_run")) for one in known.values()],
            [np.array([gold[row["fold"]] for row in part]) for part in known.values()],
            samples,
            np.random.default_rng(seed),
        )
        found |= dict(zip(known, p, strict=True))
    return found


def _counts(text: Mapping[int, UnitCounts], part: Rows, key: str) -> Counts:
    """Return correct and predicted of some runs on the units of all folds, `[units, runs]`.

    A run has none in the units of other folds than its own.
    """
    if len(text) == 1:
        return next(iter(text.values())).of([row[key] for row in part])
    sides: tuple[list[np.ndarray], list[np.ndarray]] = [], []
    for fold, counts in text.items():
        own = [k for k, row in enumerate(part) if row["fold"] == fold]
        found = counts.of([part[k][key] for k in own]) if own else None
        for side, columns in enumerate(sides):
            block = np.zeros((len(counts.gold), len(part)), dtype=np.int64)
            if found is not None:
                block[:, own] = found[side]
            columns.append(block)
    correct, predicted = (np.concatenate(columns) for columns in sides)
    return correct, predicted


def _all_have(text: Mapping[int, UnitCounts], part: Rows) -> bool:
    return all(
        row["fold"] in text and row[key] in text[row["fold"]].correct
        for row in part
        for key in ("run", "base_run")
    )


def _tested(part: Rows, draws: Draws, seed: int, randomised: float | None) -> dict[str, object]:
    found: dict[str, object] = {
        "n": len(part),
        "seeds": named_seeds(part),
        **{key: mean(part, key) for key in ("base_f1", "f1", "gain")},
        "std": deviation(part, "gain"),
    }
    if randomised is None:
        return found
    apart = np.stack(
        [draws[r["target"], r["run"]] - draws[r["target"], r["base_run"]] for r in part]
    )
    drawn = over_seeds(apart, seed)
    found["low"], found["high"] = interval(np.clip(drawn, -1, 1))  # no F1 gains more
    bootstrapped = bootstrap_p(drawn)
    return found | {
        "p_bootstrap": bootstrapped,
        "p_randomisation": randomised,
        "p": max(bootstrapped, randomised),
    }


def _mark(p: float) -> str:
    return next((mark for level, mark in _MARKS if p < level), "")


def _why(n: int, p: float) -> str:
    """Say why a row has no mark, where it is not for want of evidence."""
    if np.isnan(p):
        return "no prediction files"
    return f"{n} of {FEWEST_SEEDS} seeds" if n < FEWEST_SEEDS else ""


def matrix(table: pd.DataFrame, regime: str, helper: str) -> pd.DataFrame:
    """Return the mean gains of one regime with a row per helper and a column per target.

    Args:
        table: of `compared`, of one encoder, mixing, size and variant.
        regime: `transfer` or `mtl`.
        helper: `sources` or `partners`.
    """
    part = table[table.regime == regime]
    return part.pivot_table("gain", helper, "target", aggfunc="first", dropna=False)


def summary(table: pd.DataFrame, samples: int, rng: np.random.Generator) -> pd.DataFrame:
    """Return the mean gain over targets of each regime, encoder, mixing, size and variant.

    A target's gain is the mean over its helpers; the interval redraws targets, and is missing
    where there are fewer than three. `gain_without` leaves out the pairs that `collapsed` counts.
    """
    rows = []
    keys = ["regime", "encoder", "mixing", "size", "variant"]
    for cell, part in table.groupby(keys, sort=False):
        gains = part.groupby("target").gain.mean().to_numpy()
        low = high = np.nan
        if len(gains) >= 3:
            drawn = gains[rng.integers(len(gains), size=(samples, len(gains)))].mean(axis=1)
            low, high = interval(drawn)
        best = part.loc[part.groupby("target").gain.idxmax()]
        rows.append(
            dict(zip(keys, cell, strict=True))
            | {"targets": len(gains), "cells": len(part), "gain": gains.mean(), "low": low}
            | {"high": high, "helped": (part.gain > 0).mean(), "best_helper": best.gain.mean()}
            | {"collapsed": part.collapsed.sum()}
            | {"gain_without": part.groupby("target").gain_without.mean().mean()}
        )
    columns = [*keys, "targets", "cells", "gain", "low", "high", "helped", "best_helper"]
    columns += ["collapsed", "gain_without"]
    return pd.DataFrame(rows, columns=columns)
