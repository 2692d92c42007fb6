"""Searches by Optuna, on a launcher that answers at once and on the real one."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.utils import JobReturn, JobStatus

from bioner.errors import ConfigError, UserError
from tests.grid.grids import grid, records

pytest.importorskip("optuna")

from bioner.grid.optuna_search import SearchOptions, search

Jobs = list[dict[str, str]]


def searched(
    words: Sequence[str], trials: int, at_once: int = 1
) -> tuple[Jobs, list[int], list[JobReturn]]:
    """Return the trials of a search for the `lr` nearest to 0.3, and how many ran at a time."""
    jobs: Jobs = []
    sizes: list[int] = []

    def launch(overrides: list[list[str]]) -> list[JobReturn]:
        given = [dict(word.split("=", 1) for word in one) for one in overrides]
        jobs.extend(given)
        sizes.append(len(given))
        return [
            JobReturn(status=JobStatus.FAILED, _return_value=UserError("no"))
            if one.get("head") == "crf"
            else JobReturn(status=JobStatus.COMPLETED, _return_value=-abs(float(one["lr"]) - 0.3))
            for one in given
        ]

    overrides = OverridesParser.create().parse_overrides(list(words))
    returns = search(overrides, SearchOptions(trials, at_once, seed=1), launch)
    return jobs, sizes, returns


def test_it_finds_the_best_and_is_repeatable(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["lr=interval(0.0,1.0)", "study=mine"]
    jobs, sizes, _ = searched(words, 30, at_once=4)
    assert sizes == [4] * 7 + [2]
    assert {job["study"] for job in jobs} == {"mine"}
    errors = [abs(float(job["lr"]) - 0.3) for job in jobs]
    assert sum(errors[-10:]) < sum(errors[:10])
    assert min(errors) < 0.01
    best = next(line for line in capsys.readouterr().out.splitlines() if "lr=" in line)
    assert f"lr={min(jobs, key=lambda job: abs(float(job['lr']) - 0.3))['lr']}" in best
    assert searched(words, 34, at_once=4)[0][:28] == jobs[:28]  # with more trials it goes on


def test_every_kind_of_values() -> None:
    words = [
        "lr=tag(log,interval(1e-5,1e-1))",
        "n=int(interval(8,64))",
        "m=range(1,9,2)",
        "t=[a],[b]",
    ]
    jobs, _, _ = searched(words, 40)
    assert all(1e-5 <= float(job["lr"]) <= 1e-1 for job in jobs)
    assert sum(float(job["lr"]) < 1e-3 for job in jobs) > 3  # log
    assert all(8 <= int(job["n"]) <= 64 for job in jobs)
    assert {job["m"] for job in jobs} == {"1", "3", "5", "7"}
    assert {job["t"] for job in jobs} == {"[a]", "[b]"}


def test_a_failed_trial_is_told_as_such(capsys: pytest.CaptureFixture[str]) -> None:
    jobs, _, returns = searched(["lr=interval(0.0,1.0)", "head=linear,crf"], 8)
    failed = [job["head"] == "crf" for job in jobs]
    assert any(failed) and not all(failed)
    assert [one.status is JobStatus.FAILED for one in returns] == failed
    assert capsys.readouterr().out.count("failed") == sum(failed)


def test_nothing_to_search() -> None:
    with pytest.raises(UserError, match="nothing to search"):
        searched(["lr=1"], 2)


@pytest.mark.parametrize(
    ("words", "trials", "says"),
    [
        (["lr=interval(1e-3,1e-5)"], 2, "lr: low <= high must hold"),
        (["lr=tag(log,interval(0,1e-3))"], 2, "lr: low > 0 must hold"),
        (["lr=interval(0.1,1)"], "ten", "hydra.sweeper.n_trials: is ten"),
        (["lr=interval(0.1,1)"], 0, "hydra.sweeper.n_trials: is 0"),
    ],
)
def test_what_cannot_be_searched_is_named(words: list[str], trials: int, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        searched(words, trials)


@pytest.mark.slow
def test_a_search_of_runs(tmp_path: Path) -> None:
    words = [
        "hydra/sweeper=optuna",
        "hydra.sweeper.n_trials=2",
        "hydra.sweeper.at_once=2",
        "hydra.launcher.n_jobs=2",
        "optimizer.lr=tag(log,interval(1e-4,1e-2))",
    ]
    ended = grid(tmp_path, *words)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    found = records(tmp_path)
    table = ended.stdout[ended.stdout.rindex("devel F1") :].splitlines()[1:]
    best = max(one["best"]["demo_disease"]["f1"] for one in found.values())
    assert (len(found), len(table), table[0].split()[0]) == (2, 2, f"{100 * best:.2f}")
    words[1] = "hydra.sweeper.n_trials=3"
    again = grid(tmp_path, *words)
    assert (again.returncode, again.stdout.count("starts:")) == (0, 1), again.stdout
