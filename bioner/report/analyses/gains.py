"""Gains: what a regime adds over another that it contains, paired by seed."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from bioner.report.analyses.scores import Draws, deviation, mean
from bioner.report.evidence import UnitCounts
from bioner.report.frame import CELL, Cell, by_cell
from bioner.report.resampling import (
    bootstrap_p,
    holm,
    interval,
    over_seeds,
    randomisation_p,
)

FEWEST_SEEDS = 3
"""With fewer seeds the variance between them can't be told, and no star is given."""

Rows = Sequence[Mapping[Any, Any]]

_PAIRED = ["seed", "run", "f1", "base_run", "base_f1", "gain"]
_MARKS = ((0.001, "***"), (0.01, "**"), (0.05, "*"))


def paired(frame: pd.DataFrame, against: str) -> pd.DataFrame:
    """Return each complete run beside the run of another regime with the same seed.

    For a run that pretrains, `transfer` has the same sources; for one that shares the encoder,
    `mtl` has the same partners; target, encoder, train size and what else matters to both are the
    same.

    Args:
        frame: comparable rows.
        against: `single`, `transfer` or `mtl`; the last two are the parts of `transfer_mtl`.

    Returns:
        The cell, seed, run, f1, base_run, base_f1 and gain; only runs that have their base.
    """
    done = frame[frame.status == "complete"]
    wide = (
        done[done.regime != "single"]
        if against == "single"
        else (done[done.regime == "transfer_mtl"])
    )
    on = pd.DataFrame(
        {
            "target": wide.target,
            "encoder": wide.encoder,
            "size": wide["size"],
            "seed": wide.seed,
            "base_variant": wide[f"as_{against}"],
        }
    )
    on["base_sources"] = wide.sources if against == "transfer" else ""
    on["base_partners"] = wide.partners if against == "mtl" else ""
    mixing = {"transfer": wide.as_mixing, "mtl": wide.mixing}
    on["base_mixing"] = mixing.get(against, "")
    left = pd.concat(
        [wide[["regime", "sources", "partners", "mixing", "variant", "run", "f1"]], on], axis=1
    )
    base = done[done.regime == against].rename(
        columns={
            "variant": "base_variant",
            "sources": "base_sources",
            "run": "base_run",
            "partners": "base_partners",
            "mixing": "base_mixing",
            "f1": "base_f1",
        }
    )
    base = base[[*on.columns, "base_run", "base_f1"]]
    found = left.merge(base, on=list(on.columns), how="inner")
    return found.assign(gain=found.f1 - found.base_f1)[[*CELL, *_PAIRED]]


def compared(
    pairs: pd.DataFrame,
    units: Mapping[str, UnitCounts],
    draws: Draws,
    samples: int,
    seed: int,
) -> pd.DataFrame:
    """Return a row per cell of `paired`: the mean gain, its interval, p-values and mark.

    `p` is the larger of the bootstrap's and the randomisation's; `p_holm` corrects it for all
    rows of the table that can be tested; `mark` is given by `p_holm` from three seeds on.
    """
    cells = by_cell(pairs, _PAIRED)
    randomised = _randomised(cells, units, samples, seed)
    rows = [
        dict(zip(CELL, cell, strict=True)) | _tested(part, draws, seed, randomised.get(cell))
        for cell, part in cells.items()
    ]
    columns = [
        *CELL,
        "n",
        "seeds",
        "base_f1",
        "f1",
        "gain",
        "std",
        "low",
        "high",
        "p_bootstrap",
        "p_randomisation",
        "p",
    ]
    table = pd.DataFrame(rows, columns=columns)
    # One seed can't carry a test of what training gives, so it is no comparison to correct for.
    testable = table.p.where(table.n >= FEWEST_SEEDS).astype(float)
    table["p_holm"] = holm(testable.to_numpy())
    table["mark"] = [_mark(p) for p in table.p_holm]
    table["why"] = [_why(n, p) for n, p in zip(table.n, table.p, strict=True)]
    return table


def _randomised(
    cells: Mapping[Cell, Rows], units: Mapping[str, UnitCounts], samples: int, seed: int
) -> dict[Cell, float]:
    """Return the randomisation's p of every cell whose runs all have prediction files."""
    found: dict[Cell, float] = {}
    for target, counts in units.items():
        known = {
            cell: tuple([row[key] for row in part] for key in ("run", "base_run"))
            for cell, part in cells.items()
            if part[0]["target"] == target and _all_have(counts.correct, part)
        }
        pairs = [(counts.of(ours), counts.of(theirs)) for ours, theirs in known.values()]
        p = randomisation_p(pairs, counts.gold, samples, np.random.default_rng(seed))
        found |= dict(zip(known, p, strict=True))
    return found


def _all_have(files: Mapping[str, object], part: Rows) -> bool:
    return all(row[key] in files for row in part for key in ("run", "base_run"))


def _tested(part: Rows, draws: Draws, seed: int, randomised: float | None) -> dict[str, object]:
    found: dict[str, object] = {
        "n": len(part),
        "seeds": ",".join(map(str, sorted(row["seed"] for row in part))),
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
    where there are fewer than three.
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
        )
    columns = [*keys, "targets", "cells", "gain", "low", "high", "helped", "best_helper"]
    return pd.DataFrame(rows, columns=columns)
