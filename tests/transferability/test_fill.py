"""From a study's folder and its measures to the tables of known gains."""

import importlib.util
from collections.abc import Callable
from itertools import permutations
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

from bioner.errors import UserError
from bioner.transferability.known import load_known
from bioner.transferability.tables import MEASURE_COLUMNS
from tests.report.synthetic import Made, write_study

NAMES = ["bc2gm", "ncbi_disease", "s800"]
SCRIPT = Path(__file__).parents[2] / "experiments" / "known" / "fill.py"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("fill", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study")
    singles = [Made(name, seed=s, size=0.1) for name in NAMES for s in (1, 2, 3)]
    transfers = [Made(t, "transfer", [s], size=0.1) for s, t in permutations(NAMES, 2)]
    return write_study(folder, [*singles, *transfers, Made("bc2gm", "transfer", NAMES[1:])])


def measured(folder: Path, keep: Callable[[str, str], bool]) -> Path:
    rows = [(s, t, "topics", "", 0.5, 1.0) for s, t in permutations(NAMES, 2) if keep(s, t)]
    rows.append(("jnlpba", "s800", "topics", "", 0.25, 1.0))
    rows += [(s, t, "leep", "all", 0.5, 1.0) for s, t in permutations(NAMES, 2)]
    pd.DataFrame(rows, columns=MEASURE_COLUMNS).to_csv(folder / "measures.csv", index=False)
    return folder


def test_gains_and_their_measures(script: ModuleType, study: Path, tmp_path: Path) -> None:
    script.fill(study, measured(tmp_path, lambda s, t: True), tmp_path / "known")
    known = load_known(tmp_path / "known")
    # Of three seeds of single, one has transfers; two sources at once are no pair.
    assert len(known.gains) == len(known.measures) == 6
    assert set(known.gains["train_size"]) == {"10 %"} and set(known.gains["seed"]) == {1}
    assert set(known.gains["regime"]) == {"transfer"}
    assert set(known.measures["source"]) == set(NAMES)  # jnlpba has no gain
    assert set(known.measures["measure"]) == {"topics"}  # `recommend` has no tuned sources


def test_a_pair_without_measures_is_named_and_nothing_is_written(
    script: ModuleType, study: Path, tmp_path: Path
) -> None:
    place = measured(tmp_path, lambda s, t: (s, t) != ("bc2gm", "s800"))
    with pytest.raises(UserError, match="1 pairs have gains and no measure, first bc2gm on s800"):
        script.fill(study, place, tmp_path / "known")
    assert not (tmp_path / "known").exists()
    with pytest.raises(UserError, match=r"no measures\.csv"):
        script.fill(study, study, tmp_path / "known")


def test_a_study_of_singles_has_no_gain(script: ModuleType, tmp_path: Path) -> None:
    folder = write_study(tmp_path / "singles", [Made("bc2gm")])
    with pytest.raises(UserError, match="no run has a single one beside it"):
        script.fill(folder, tmp_path, tmp_path / "known")
