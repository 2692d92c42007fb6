"""Fill the tables of known gains, which `bioner recommend` reads, from a study and its measures.

python experiments/known/fill.py runs/lowres runs/measures/ENCODER-HASH              # the package
python experiments/known/fill.py runs/lowres runs/measures/ENCODER-HASH --into DIR   # known=DIR
"""

import argparse
import sys
from pathlib import Path

import pandas as pd

import bioner.transferability
from bioner.errors import UserError
from bioner.report.analyses.measured import gain_table
from bioner.report.analyses.pairs import paired
from bioner.report.compatible import compatible
from bioner.report.frame import tidy
from bioner.report.measure_values import read_measures
from bioner.report.study import read_study
from bioner.transferability.known import load_known
from bioner.transferability.recommendation import reliability
from bioner.transferability.registry import chosen
from bioner.transferability.tables import GAIN_COLUMNS, MEASURE_COLUMNS, PAIR


def gains_of(study: Path) -> pd.DataFrame:
    """Return the gains over single of every run with one helper, columns `GAIN_COLUMNS`.

    Raises:
        UserError: no such study, no gain in it, or gains of several mixings or variants.
    """
    runs, problems = read_study(study)
    rows = tidy(runs)
    frame, others = compatible(rows.frame)
    for problem in (*problems, *rows.problems, *others):
        print(f"left out: {problem.place} {problem.state}: {problem.says}", file=sys.stderr)
    table = gain_table(paired(frame, "single"))
    if table.empty:
        raise UserError(f"{study}: no run has a single one beside it with its seed and settings")
    twice = table[table.duplicated(GAIN_COLUMNS[:-1])]
    if len(twice):
        row = twice.iloc[0]
        raise UserError(
            f"{study}: {row['source']} on {row['target']} has gains of several settings "
            f"(mixing {row['mixing']}, variant {row['variant']})"
        )
    return table[GAIN_COLUMNS].sort_values(GAIN_COLUMNS[:-1], ignore_index=True)


def measures_of(place: Path, gains: pd.DataFrame) -> pd.DataFrame:
    """Return what `bioner recommend` measures of the pairs that have gains, `MEASURE_COLUMNS`.

    Raises:
        UserError: no table there, one that can't be read, or a pair that has no measure.
    """
    table, problems = read_measures(str(place), place)
    if problems:
        raise UserError(f"{place}: {problems[0].says}")
    table = table[table["measure"].isin(chosen("measures", ["cheap"]))]
    pairs = gains[PAIR].drop_duplicates()
    lacking = pairs.merge(table[PAIR].drop_duplicates(), how="left", indicator=True)
    lacking = lacking[lacking["_merge"] == "left_only"]
    if len(lacking):
        first = " on ".join(lacking.iloc[0][PAIR])
        raise UserError(f"{place}: {len(lacking)} pairs have gains and no measure, first {first}")
    keys = [*PAIR, "measure", "view"]
    return table.merge(pairs)[MEASURE_COLUMNS].sort_values(keys, ignore_index=True)


def fill(study: Path, measures: Path, into: Path) -> None:
    """Write both tables, read them back, and say what is now known.

    Raises:
        UserError: what was given can't be used; then nothing is written.
    """
    gains = gains_of(study)
    values = measures_of(measures, gains)
    into.mkdir(parents=True, exist_ok=True)
    for name, table in (("known_gains.csv", gains), ("known_measures.csv", values)):
        table.to_csv(into / name, index=False, lineterminator="\n")
    known = load_known(into)
    pairs = len(gains[PAIR].drop_duplicates())
    print(
        f"{len(gains)} gains of {pairs} pairs, {len(values)} values of "
        f"{values['measure'].nunique()} measures: {into}"
    )
    for line in reliability(known):
        print(line)


def main() -> int:
    """Return 0, or 2 where what was given can't be used."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("study", type=Path, help="the folder of a study's runs")
    parser.add_argument("measures", type=Path, help="a measures.csv, or a folder with some")
    parser.add_argument("--into", type=Path, default=Path(bioner.transferability.__path__[0]))
    given = parser.parse_args()
    try:
        fill(given.study, given.measures, given.into)
    except UserError as error:
        print(f"fill.py: error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
