"""Folds of a target are averaged as seeds are, each over its own test text."""

from collections.abc import Sequence
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from bioner.report.about import about
from bioner.report.analyses.pairs import asked_tests
from bioner.report.analyses.scores import named_seeds
from bioner.report.asked import with_left_out
from bioner.report.evidence import collect
from bioner.report.pack import pack
from bioner.report.resampling import randomisation_p
from bioner.report.results import Results, analyse
from bioner.report.study import read_study
from tests.report.synthetic import Made
from tests.report.test_analyses import A, B, json_f1, one, results_of


def folds(seeds: Sequence[int], *args: object, **fields: object) -> list[Made]:
    both = product(seeds, (1, 2, 3))
    return [Made(*args, seed=seed, fold=fold, **fields) for seed, fold in both]  # type: ignore[arg-type]


def f1(tmp_path: Path, runs: Sequence[Made]) -> np.ndarray:
    return np.array([json_f1(tmp_path / "study" / run.name) for run in runs])


def test_folds_and_seeds_are_averaged_together(tmp_path: Path) -> None:
    single, helped = folds([1, 2], A), folds([1, 2], A, "transfer", [B], skill=0.95)
    results = results_of(tmp_path, [*single, *helped])
    assert not results.problems
    row = one(results.tables["scores"], regime="single")
    found = f1(tmp_path, single)
    assert (row.n, row.seeds) == (6, "1,2 in folds 1,2,3")
    assert (row.f1, row["std"]) == (pytest.approx(found.mean()), pytest.approx(found.std(ddof=1)))
    assert row.low < row.f1 < row.high
    gain = one(results.tables["gains"], regime="transfer")
    apart = f1(tmp_path, helped) - found
    assert (gain.n, gain.gain) == (6, pytest.approx(apart.mean()))
    assert gain["std"] == pytest.approx(apart.std(ddof=1))
    assert gain.low > 0 and gain.mark == "**"
    for pair in results.tables["gains_by_seed"].itertuples():
        assert f"-s{pair.seed}-fold{pair.fold}" in pair.run
        assert f"-s{pair.seed}-fold{pair.fold}" in pair.base_run


def test_a_fold_is_no_subject_of_the_gold_of_others(tmp_path: Path) -> None:
    results = results_of(tmp_path, folds([1], A))
    assert not results.problems  # each fold has other sentences
    units = collect(results.frame, words=False).units
    assert [*units] == [(A, 1), (A, 2), (A, 3)]
    golds = {tuple(counts.gold.tolist()) for counts in units.values()}
    assert len(golds) == 3


def test_runs_are_paired_with_the_single_of_their_fold_alone(tmp_path: Path) -> None:
    runs = [Made(A, fold=1), Made(A, "transfer", [B], fold=1), Made(A, "transfer", [B], fold=2)]
    results = results_of(tmp_path, runs)
    assert len(results.tables["gains_by_seed"]) == 1
    assert asked_tests(results.frame, "single") == 0  # two or more are wanted
    says = " ".join(about("study", "", None, results).says)
    assert f"Targets in folds: {A} (3)." in says
    assert "Seeds of cells in folds that lack some fold: 2 of 2." in says


def test_nothing_is_said_of_folds_where_there_are_none(tmp_path: Path) -> None:
    says = " ".join(about("study", "", None, results_of(tmp_path, [Made(A), Made(B)])).says)
    assert "fold" not in says


def test_another_number_of_folds_is_incompatible(tmp_path: Path) -> None:
    results = results_of(tmp_path, [*folds([1], A), Made(A, seed=2)])
    assert [problem.state for problem in results.problems] == ["incompatible"]
    assert f"dataset.{A}.folds is null" in results.problems[0].says


def test_a_swap_of_a_unit_is_one_of_its_fold() -> None:
    """Two folds of one seed each, as two texts whose p-values are enumerated together."""
    rng = np.random.default_rng(3)
    gold = rng.integers(1, 4, 6)
    predicted = [rng.integers(0, 4, 6) for _ in range(2)]
    correct = [np.minimum(gold, one) // (k + 1) for k, one in enumerate(predicted)]
    fold = np.array([0, 0, 0, 1, 1, 1])

    def mean_f1(right: np.ndarray, made: np.ndarray) -> float:
        each = [
            2 * right[fold == k].sum() / (made[fold == k].sum() + gold[fold == k].sum())
            for k in (0, 1)
        ]
        return float(np.mean(each))

    def apart(swap: np.ndarray) -> float:
        sides = [
            mean_f1(
                np.where(swap, correct[1 - k], correct[k]),
                np.where(swap, predicted[1 - k], predicted[k]),
            )
            for k in (0, 1)
        ]
        return sides[0] - sides[1]

    observed = abs(apart(np.zeros(6, dtype=bool)))
    swaps = [apart(np.array(one)) for one in product([False, True], repeat=6)]
    exact = np.mean([abs(one) >= observed - 1e-12 for one in swaps])

    def spread(counts: np.ndarray) -> np.ndarray:
        return np.stack([np.where(fold == k, counts, 0) for k in (0, 1)], axis=1)

    pair = tuple((spread(correct[k]), spread(predicted[k])) for k in (0, 1))
    totals = np.array([gold[fold == k].sum() for k in (0, 1)])
    (p,) = randomisation_p([pair], [totals], 20000, np.random.default_rng(1))  # type: ignore[list-item]
    assert p == pytest.approx(exact, abs=0.012)


def test_named_seeds() -> None:
    def rows(*found: tuple[int, int, int]) -> list[dict[str, int]]:
        return [dict(zip(("seed", "subset_seed", "fold"), one, strict=True)) for one in found]

    assert named_seeds(rows((2, 1, 0), (1, 1, 0))) == "1,2"
    assert named_seeds(rows((1, 1, 2), (1, 1, 1), (2, 1, 1), (2, 1, 2))) == "1,2 in folds 1,2"
    assert named_seeds(rows((1, 1, 1), (1, 1, 2), (2, 1, 1))) == "1,2 in folds 1; 1 in folds 2"
    assert named_seeds(rows((1, 2, 1), (3, 3, 1))) == "1/2,3 in folds 1"
    assert named_seeds([]) == ""


def test_a_packed_study_knows_its_folds(tmp_path: Path) -> None:
    runs = [*folds([1], A), *folds([1], A, "transfer", [B], skill=0.9)]
    whole = results_of(tmp_path, runs)
    file = tmp_path / "runs.tar.xz"
    pack(read_study(tmp_path / "study")[0], file)
    import tarfile

    with tarfile.open(file) as packed:
        packed.extractall(tmp_path / "other", filter="data")
    place = next((tmp_path / "other").rglob("asked.json")).parent
    again = read(place)
    for name in ("scores", "gains"):
        assert again.tables[name].equals(whole.tables[name])


def read(place: Path) -> Results:
    from bioner.config.report import ReportConfig

    runs, problems = read_study(place)
    given = ReportConfig(study=place.name, runs_dir=str(place.parent), samples=400)
    return analyse(given, with_left_out(place, runs), problems)
