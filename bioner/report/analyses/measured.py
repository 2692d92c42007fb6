"""Measures against the gains that they should have foretold."""

import numpy as np
import pandas as pd

from bioner.report.frame import CELL
from bioner.transferability.calibration import calibration
from bioner.transferability.known import Known
from bioner.transferability.outlook import Experience
from bioner.transferability.quality import QUALITY_COLUMNS, SETTING, quality
from bioner.transferability.registry import measures as known_measures
from bioner.transferability.tables import GAIN_COLUMNS

_SETTING = [*SETTING, "mixing", "variant"]


def gain_table(pairs: pd.DataFrame) -> pd.DataFrame:
    """Return gains as `bioner.transferability.quality` takes them, of runs with one helper.

    A transfer's source, an MTL run's only partner, and of transfer then MTL a source that is the
    partner too; `mixing` and `variant` are kept beside.

    Args:
        pairs: of `bioner.report.analyses.pairs.paired` against single.
    """
    helper = pairs.sources.where(pairs.sources != "", pairs.partners)
    alone = (pairs.partners == "") | (pairs.sources == "") | (pairs.sources == pairs.partners)
    named = pairs.assign(source=helper, train_size=pairs["size"])
    one = named[alone & ~helper.str.contains("+", regex=False)]
    keys = [*GAIN_COLUMNS[:-1], "mixing", "variant"]
    means = one.groupby(keys, sort=False)["gain"].mean()
    return means.reset_index()[[*GAIN_COLUMNS, "mixing", "variant"]]


def points(table: pd.DataFrame, measures: pd.DataFrame) -> pd.DataFrame:
    """Return each cell of one helper beside the values of the measures for its pair.

    Args:
        table: of `bioner.report.analyses.gains.compared` against single.
        measures: source, target, measure, view, value.
    """
    helper = table.sources.where(table.sources != "", table.partners)
    cells = table.assign(source=helper)[[*CELL, "source", "n", "f1", "gain", "low", "high", "mark"]]
    found = cells.merge(
        measures[["source", "target", "measure", "view", "value"]], on=["source", "target"]
    )
    view = np.where(found["view"] == "", "", " (" + found["view"] + ")")
    return found.assign(panel=found.measure + view)


def ranking(gains: pd.DataFrame, measures: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return how well each measure and each baseline ranks the sources, a row per measure.

    Raises:
        UserError: measures or gains that can't be used.
    """
    tables = []
    for _, part in gains.groupby(["mixing", "variant"], sort=False):
        scored = quality(measures, part[GAIN_COLUMNS], seed=seed)
        first = part.iloc[0]
        tables.append(scored.assign(mixing=first.mixing, variant=first.variant))
    columns = [*QUALITY_COLUMNS, "mixing", "variant"]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=columns)


def calibrated(gains: pd.DataFrame, measures: pd.DataFrame) -> pd.DataFrame:
    """Return how stated probabilities of help held with each target left out in turn.

    Returns:
        A row for each setting and stretch of probability, as
        `bioner.transferability.calibration.Calibration.bins` has them; `says` has the same words
        in all rows of a setting. Empty where too few targets have gains.
    """
    fair = {name: one for name, one in known_measures().items() if not one.oracle}
    tables = []
    for values, part in gains.groupby(_SETTING, sort=False):
        found = calibration(Experience.of(Known(part[GAIN_COLUMNS], measures), fair))
        if found is not None:
            setting = dict(zip(_SETTING, map(str, values), strict=True))
            tables.append(found.bins().assign(**setting, says="; ".join(found.in_words())))
    columns = [*_SETTING, "from", "to", "pairs", "stated", "helped", "says"]
    return pd.concat(tables, ignore_index=True)[columns] if tables else pd.DataFrame()


def wide(ranked: pd.DataFrame) -> pd.DataFrame:
    """Return a row per setting and measure, best first, with each metric and its interval."""
    if ranked.empty:
        return pd.DataFrame()
    keys = [
        "regime",
        "encoder",
        "train_size",
        "mixing",
        "variant",
        "measure",
        "view",
        "kind",
        "targets",
        "pairs",
        "seeds",
        "note",
    ]
    table = ranked.pivot_table(["mean", "low", "high"], keys, "metric", sort=False)
    stats, metrics = (table.columns.get_level_values(level) for level in (0, 1))
    table.columns = metrics + stats.map({"mean": "", "low": "_low", "high": "_high"})
    order = [*keys[:5], "spearman"]
    return table.reset_index().sort_values(order, ascending=[True] * 5 + [False], ignore_index=True)
