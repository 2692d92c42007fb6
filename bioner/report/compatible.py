"""Which runs may stand in one table: all that is not an axis must be the same."""

import json

import pandas as pd

from bioner.config.semantics import SEMANTICS
from bioner.report.frame import CELL
from bioner.report.study import Problem

_SHOWN = 48


def compatible(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[Problem]]:
    """Keep the rows that agree with most of the complete ones; say in what the others differ.

    The training semantics and the datasets' contents must be the same in the whole study, the
    config's other keys among the runs of one target, encoder, train size and variant, the roles of
    partners and the order of sources among those of one cell. Where as
    many runs have one value as another, the larger one is kept. Of several training semantics
    today's are, however few runs have them: those of before are no results of this version.

    Args:
        frame: of `bioner.report.frame.tidy`.

    Returns:
        The rows that may be compared, and a problem for each of the others.
    """
    rows = frame[frame.status == "complete"]
    values = _long(rows)
    problems = []
    for (scope, key), group in values.groupby(["scope", "key"], sort=False):
        if group.value.nunique() == 1:
            continue
        left = group[group.index.isin(rows.index)]
        counts = left.value.value_counts()
        if len(counts) < 2:
            continue
        kept = max(counts[counts == counts.max()].index)
        if key == "semantics" and str(SEMANTICS) in counts:
            kept = str(SEMANTICS)
        others = left.value[left.value != kept]
        for run, target, value in zip(
            rows.run[others.index], rows.target[others.index], others, strict=True
        ):
            says = f"{key} is {_short(value)}, of the runs that are compared {_short(kept)}"
            where = f" (target {target})" if scope else ""
            problems.append(Problem("incompatible", run, says + where))
        rows = rows.drop(index=others.index)
    out = frame.index[(frame.status == "complete") & ~frame.index.isin(rows.index)]
    return frame.drop(index=out), problems


def _long(rows: pd.DataFrame) -> pd.DataFrame:
    """Return scope, key and value of every setting, under the index of `rows`."""
    found = []
    scope = rows[["target", "encoder", "size", "as_single"]]
    places = ["\t".join(place) for place in scope.itertuples(index=False)]
    cells = ["\t".join(cell) for cell in rows[CELL].itertuples(index=False)]
    for row, place, cell, settings in zip(rows.index, places, cells, rows.settings, strict=True):
        parsed = json.loads(settings)
        found += [(row, "", key, value) for key, value in parsed["study"].items()]
        found += [(row, place, key, value) for key, value in parsed["config"].items()]
        found += [(row, cell, key, value) for key, value in parsed["cell"].items()]
    long = pd.DataFrame(found, columns=["row", "scope", "key", "value"])
    return long.set_index("row")


def _short(value: str) -> str:
    return value if len(value) <= _SHOWN else f"{value[:12]}…"
