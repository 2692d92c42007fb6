"""The numbers on the study's page are those of its archive."""

import tarfile
from pathlib import Path

import pandas as pd
import pytest

from bioner.report.analyses.pairs import paired
from bioner.report.compatible import compatible
from bioner.report.frame import tidy
from bioner.report.study import read_study

STUDY = Path(__file__).parents[2] / "experiments" / "lowres"
SOURCE = "transfer from "


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    folder = tmp_path_factory.mktemp("lowres10")
    with tarfile.open(STUDY / "lowres10.tar.xz") as archive:
        archive.extractall(folder, filter="data")
    found, problems = read_study(folder)
    rows = tidy(found)
    assert not problems and not rows.problems
    frame, others = compatible(rows.frame)
    assert not others
    return frame


@pytest.fixture(scope="module", params=[1, 2], ids=["seed 1", "seed 2"])
def seed(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture(scope="module")
def page(seed: int) -> dict[tuple[str, str], str]:
    """Return the cells of a seed's table of targets: (row, target) to number."""
    lines = (STUDY / "README.md").read_text().splitlines()
    begins = {1: "| | ncbi_disease | s800", 2: "| seed 2 | ncbi_disease | s800"}[seed]
    first = next(k for k, line in enumerate(lines) if line.startswith(begins))
    targets = _cells(lines[first])[1:]
    found: dict[tuple[str, str], str] = {}
    for line in lines[first + 2 :]:
        if not line.startswith("|"):
            break
        name, *numbers = _cells(line)
        found |= {(name, t): n for t, n in zip(targets, numbers, strict=True) if n}
    return found


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def test_single(runs: pd.DataFrame, page: dict[tuple[str, str], str], seed: int) -> None:
    alone = runs[(runs.regime == "single") & (runs.seed == seed)].set_index("target").f1
    found = {("single", str(t)): f"{100 * f1:.2f}" for t, f1 in alone.to_dict().items()}
    assert found == {key: number for key, number in page.items() if key[0] == "single"}


def test_gains_of_transfer(runs: pd.DataFrame, page: dict[tuple[str, str], str], seed: int) -> None:
    pairs = paired(runs, "single")
    pairs = pairs[(pairs.regime == "transfer") & (pairs.seed == seed)]
    found = {
        (f"{SOURCE}{source}, less single", target): f"{100 * gain:+.2f}".replace("-", "−")
        for source, target, gain in pairs[["sources", "target", "gain"]].to_numpy().tolist()
    }
    assert found == {key: number for key, number in page.items() if key[0].startswith(SOURCE)}


def test_gains_of_each_regime(runs: pd.DataFrame) -> None:
    pairs = paired(runs, "single")
    pairs = pairs[(pairs.seed == 1) & (pairs.regime != "single")]
    helper = pairs.sources.where(pairs.sources != "", pairs.partners)
    gains = {
        (str(t), str(h), str(regime)): f"{100 * gain:+.2f}".replace("-", "−")
        for t, h, regime, gain in zip(pairs.target, helper, pairs.regime, pairs.gain, strict=True)
    }
    lines = (STUDY / "README.md").read_text().splitlines()
    first = lines.index("| target, with | single | transfer | MTL | transfer then MTL |")
    shown: dict[tuple[str, str, str], str] = {}
    for line in lines[first + 2 : lines.index("", first)]:
        pair, _, *numbers = _cells(line)
        target, _, source = pair.partition(", ")
        regimes = ("transfer", "mtl", "transfer_mtl")
        shown |= {(target, source, r): n for r, n in zip(regimes, numbers, strict=True) if n}
    told = {key[:2] for key in shown}
    assert shown == {key: number for key, number in gains.items() if key[:2] in told}
    together = {key[:2] for key in gains if key[2] != "transfer"}
    assert together <= told
