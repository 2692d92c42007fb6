"""Runs beside the run of another regime that they are compared with."""

import pandas as pd

from bioner.report.frame import CELL, REPLICATE

FEWEST_SEEDS = 3
"""With fewer seeds the variance between them can't be told, and nothing is tested."""

BASES = ("single", "transfer", "mtl")
"""The regimes over which gains are taken."""

PAIRED = [*REPLICATE, "run", "f1", "base_run", "base_f1", "gain", "collapsed"]


def paired(frame: pd.DataFrame, against: str) -> pd.DataFrame:
    """Return each complete run beside the run of another regime of the same seed and subset.

    For a run that pretrains, `transfer` has the same sources; for one that shares the encoder,
    `mtl` has the same partners; target, encoder, train size and what else matters to both are the
    same.

    Args:
        frame: comparable rows.
        against: `single`, `transfer` or `mtl`; the last two are the parts of `transfer_mtl`.

    Returns:
        The cell, seeds, run, f1, base_run, base_f1, gain, and whether one of the two collapsed;
        only runs that have their base.
    """
    found = _beside(frame[frame.status == "complete"], against)
    together = found.assign(
        gain=found.f1 - found.base_f1,
        collapsed=found.collapsed.astype(bool) | found.base_collapsed.astype(bool),
    )
    return together[[*CELL, *PAIRED]]


def asked_tests(frame: pd.DataFrame, against: str) -> int:
    """Return how many comparisons a study asked for that can be tested, whatever became of them.

    Args:
        frame: a row per run and target, complete or not.
        against: as in `paired`.
    """
    pairs = _beside(frame, against).drop_duplicates([*CELL, *REPLICATE])
    return int((pairs.groupby(CELL).size() >= FEWEST_SEEDS).sum())


def _beside(rows: pd.DataFrame, against: str) -> pd.DataFrame:
    wide = rows[rows.regime != "single" if against == "single" else rows.regime == "transfer_mtl"]
    on = wide[["target", "encoder", "size", *REPLICATE]].assign(
        base_variant=wide[f"as_{against}"],
        base_sources=wide.sources if against == "transfer" else "",
        base_partners=wide.partners if against == "mtl" else "",
        base_mixing={"transfer": wide.as_mixing, "mtl": wide.mixing}.get(against, ""),
    )
    own = ["regime", "sources", "partners", "mixing", "variant", "run", "f1", "collapsed"]
    base_of = ["sources", "partners", "mixing", "variant", "run", "f1", "collapsed"]
    base = rows[rows.regime == against].rename(columns={key: f"base_{key}" for key in base_of})
    base = base[[*on.columns, "base_run", "base_f1", "base_collapsed"]]
    left = pd.concat([wide[own], on], axis=1)
    return left.merge(base, on=list(on.columns), how="inner")
