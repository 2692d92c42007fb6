"""The `measures.csv` files of a study."""

from pathlib import Path

import pandas as pd

from bioner.errors import ConfigError, DataError
from bioner.report.study import Problem
from bioner.transferability.tables import MEASURE_COLUMNS, PAIR, read_table

_KEY = [*PAIR, "measure", "view"]


def read_measures(named: str | None, folder: Path) -> tuple[pd.DataFrame, list[Problem]]:
    """Return the measures that are named or lie in the study's folder; empty where there are none.

    Args:
        named: a file or a folder, as the config has it.
        folder: the study's.

    Raises:
        ConfigError: a named place that holds no measures.
        DataError: a named file that can't be read.
    """
    place = Path(named) if named else folder
    files = [place] if place.is_file() else sorted(place.rglob("measures.csv"))
    if named and not files:
        raise ConfigError("measures", f"no measures.csv at {place}", "a file of `bioner measure`")
    tables, problems = [], []
    for file in files:
        try:
            tables.append(read_table(file, MEASURE_COLUMNS[:-1]))
        except DataError as error:
            if named:
                raise
            problems.append(Problem("unreadable", str(file), str(error)))
    if not tables:
        return pd.DataFrame(columns=MEASURE_COLUMNS), problems
    found = pd.concat(tables, ignore_index=True)
    for _, group in found[found.duplicated(_KEY, keep=False)].groupby(_KEY):
        if group.value.nunique() > 1:
            first = ", ".join(str(group.iloc[0][key]) for key in _KEY)
            says = f"two values for {first}: the first is taken"
            problems.append(Problem("unreadable", str(place), says))
    return found.drop_duplicates(_KEY), problems
