"""Regimes against each other: one cell of each for a target, and their mean ranks over targets."""

import numpy as np
import pandas as pd
from scipy import stats

from bioner.report.frame import REGIMES

PLACE = ["encoder", "size", "variant"]
"""What a table of targets and regimes is of."""

_FEWEST = 3  # targets and regimes, from which ranks can be compared


def chosen(scores: pd.DataFrame, gains: pd.DataFrame) -> pd.DataFrame:
    """Return one cell for each target and regime: of several, that of the best mean devel F1.

    So nothing is chosen by test. `mark` is that of the cell's gain over single.

    Args:
        scores: of `bioner.report.analyses.scores.scores`.
        gains: of `bioner.report.analyses.gains.compared` against single.
    """
    done = scores[scores.n > 0].sort_values("devel_f1", ascending=False, kind="stable")
    first = done.drop_duplicates(["target", "regime", *PLACE])
    cell = ["target", "regime", "sources", "partners", "mixing", *PLACE]
    marked = first.merge(gains[[*cell, "mark", "p_holm"]], on=cell, how="left")
    return marked.assign(mark=marked.mark.fillna(""))


def paper(cells: pd.DataFrame) -> pd.DataFrame:
    """Return a row per place and target, of `chosen`.

    For each regime there are `REGIME` (test F1), `REGIME std`, `REGIME mark` and `REGIME best`
    (whether it is the best of the row); `seeds` is the number of runs, `3-5` where it differs.
    """
    rows = []
    for place, part in cells.groupby([*PLACE, "target"], sort=True):
        row = dict(zip([*PLACE, "target"], place, strict=True))
        low, high = int(part.n.min()), int(part.n.max())
        row["seeds"] = str(low) if low == high else f"{low}-{high}"
        best = part.f1.max() if len(part) > 1 else np.nan
        for regime in REGIMES:
            one = part[part.regime == regime]
            f1, std = (float(one[key].iloc[0]) if len(one) else np.nan for key in ("f1", "std"))
            row |= {regime: f1, f"{regime} std": std, f"{regime} best": f1 == best}
            row[f"{regime} mark"] = one["mark"].iloc[0] if len(one) else ""
        rows.append(row)
    parts = [f"{regime}{part}" for regime in REGIMES for part in ("", " std", " mark", " best")]
    return pd.DataFrame(rows, columns=[*PLACE, "target", *parts, "seeds"])


def mean_ranks(table: pd.DataFrame) -> pd.DataFrame:
    """Return the mean rank of each regime over the targets that have all of the place's regimes.

    Friedman's test asks whether regimes differ at all; two whose mean ranks differ by less than
    the critical difference of Nemenyi's test can't be told apart (Demšar 2006, section 3.2.2). A
    place with fewer than three such targets, or regimes, has no row.

    Args:
        table: of `paper`.

    Returns:
        The place, regime, rank (1 is best), targets, p of Friedman's test and critical, the
        critical difference at 0.05.
    """
    rows = []
    for place, part in table.groupby(PLACE, sort=True):
        regimes = [regime for regime in REGIMES if part[regime].notna().any()]
        values = part[regimes].dropna().to_numpy()
        targets, count = values.shape
        if min(targets, count) < _FEWEST:
            continue
        ranks = stats.rankdata(-values, axis=1).mean(axis=0)
        same = np.ptp(values, axis=1).max() == 0
        p = 1.0 if same else float(stats.friedmanchisquare(*values.T).pvalue)
        critical = critical_difference(count, targets)
        for regime, rank in zip(regimes, ranks, strict=True):
            about = dict(zip(PLACE, place, strict=True)) | {"regime": regime, "rank": rank}
            rows.append(about | {"targets": targets, "p": p, "critical": critical})
    return pd.DataFrame(rows, columns=[*PLACE, "regime", "rank", "targets", "p", "critical"])


def critical_difference(systems: int, targets: int, level: float = 0.05) -> float:
    """Return the difference of mean ranks that is significant by Nemenyi's test.

    It is q sqrt(k (k + 1) / (6 N)), q being the studentized range over sqrt(2) (Demšar 2006,
    section 3.2.2 and table 5).
    """
    q = float(stats.studentized_range.ppf(1 - level, systems, np.inf)) / np.sqrt(2)
    return float(q * np.sqrt(systems * (systems + 1) / (6 * targets)))
