"""What stands at the top of a report: who made it, from what, and what is missing."""

from dataclasses import dataclass
from datetime import UTC, datetime

import pandas as pd

from bioner import __version__
from bioner.report.analyses.pairs import FEWEST_SEEDS
from bioner.report.frame import CELL, LEFT_OUT
from bioner.report.results import Results

_SHOWN_COMMITS = 3


@dataclass(frozen=True)
class About:
    """The top of a report.

    Attributes:
        study: its name.
        command: what was typed to make the report.
        version: of bioner.
        commit: of the code that made the report.
        made: when.
        counts: of the runs in each state.
        says: what a reader must know first.
        from_runs: words for the runs behind every table.
    """

    study: str
    command: str
    version: str
    commit: str
    made: str
    counts: dict[str, int]
    says: list[str]
    from_runs: str

    def lines(self) -> list[str]:
        """Return the provenance of every table, for comments in files."""
        return [f"made by: {self.command}", f"commit: {self.commit}", f"from: {self.from_runs}"]


def about(study: str, command: str, commit: str | None, results: Results) -> About:
    """Count the runs of a study and say what is missing."""
    frame, everything = results.frame, results.everything
    done = frame[frame.status == "complete"]
    states = everything.drop_duplicates("run").status.value_counts()
    problems = pd.Series([p.state for p in results.problems], dtype=object).value_counts()
    runs = done.run.nunique()
    counts = {
        "complete": runs,
        "collapsed": results.tables["collapsed"].run.nunique(),
        **{state: int(states.get(state, 0)) for state in ("failed", "diverged", "unfinished")},
        LEFT_OUT: frame[frame.status == LEFT_OUT].run.nunique(),
        "unreadable": int(problems.get("unreadable", 0)),
        "incompatible": len({p.place for p in results.problems if p.state == "incompatible"}),
        "missing cells": int((results.tables["scores"].n == 0).sum()),
    }
    commits = sorted({commit[:10] for commit in done.commit if commit})
    more = f" and {len(commits) - _SHOWN_COMMITS} more" if len(commits) > _SHOWN_COMMITS else ""
    trained = ", ".join(commits[:_SHOWN_COMMITS]) + more if commits else "(not known)"
    return About(
        study,
        command,
        __version__,
        (commit or "not known")[:10],
        datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        counts,
        _says(results, counts),
        f"{runs} complete, comparable runs, trained at commit {trained}",
    )


def _says(results: Results, counts: dict[str, int]) -> list[str]:
    says = []
    if not counts["complete"]:
        says.append("No run of this study is complete yet: there is nothing to average.")
    says += [*_of_runs(results, counts), *_of_folds(results.frame)]
    if counts["incompatible"]:
        says.append(
            "Complete runs that differ from the others in something that is no axis of the tables: "
            f"{counts['incompatible']}. They are in no table; they and the difference are listed "
            "under Runs. axes=[KEY] makes a config key an axis."
        )
    unscored = [problem.place for problem in results.problems if problem.state == "no score"]
    if unscored:
        says.append(
            "Without a mention in the test split there is no score, so that these targets are in "
            f"no table: {', '.join(unscored)}."
        )
    lost = sum(problem.state == "predictions" for problem in results.problems)
    if lost:
        says.append(
            f"{lost} prediction files could not be used: those runs have scores, but their cells "
            "have no intervals and tests."
        )
    if results.same:
        says.append(f"Axes in which no runs differ: {', '.join(results.same)}.")
    return [*says, *_too_few(results)]


def _of_folds(frame: pd.DataFrame) -> list[str]:
    """Say which targets are in folds, and of which cells some are missing.

    Args:
        frame: comparable rows.
    """
    rows = frame[(frame.status == "complete") & (frame.folds > 0)]
    if rows.empty:
        return []
    targets = rows.groupby("target").folds.max()
    named = ", ".join(f"{target} ({int(folds)})" for target, folds in targets.items())
    says = [
        f"Targets in folds: {named}. Each fold is another test text, and each document is tested "
        "once. Means and deviations are over seeds and folds together, gains are paired by both, "
        "and each fold's own documents are redrawn; where a number of seeds stands, a fold counts "
        "as one more."
    ]
    tested = rows.groupby([*CELL, "seed", "subset_seed"]).agg(
        there=("fold", "nunique"), asked=("folds", "max")
    )
    if lacking := int((tested.there < tested.asked).sum()):
        says.append(
            f"Seeds of cells in folds that lack some fold: {lacking} of {len(tested)}. The means "
            "are of the folds that are there, which the column of seeds names."
        )
    return says


def _of_runs(results: Results, counts: dict[str, int]) -> list[str]:
    """Say what became of runs."""
    says = []
    if counts["collapsed"]:
        says.append(
            "Complete runs that collapsed, never finding a devel mention of their target: "
            f"{counts['collapsed']}. They are in every mean, since to leave them out flatters a "
            "regime; under Collapsed runs they are named, and scores and gains stand there "
            "without them too."
        )
    if counts["diverged"]:
        says.append(
            f"Runs that diverged, which have no result and are in no mean: {counts['diverged']}. "
            "They are named under Runs."
        )
    if counts[LEFT_OUT]:
        targets = ", ".join(sorted(results.tables["left_out"].target.unique()))
        says.append(
            f"This is a part of a packed study: {counts[LEFT_OUT]} complete runs that it asked for "
            f"are not here (targets {targets}), and in no table. They are listed under Runs. "
            "P-values are corrected for all comparisons that the whole study asked for."
        )
    return says


def _too_few(results: Results) -> list[str]:
    """Say how many comparisons have too few seeds."""
    few = []
    for name, title in (("gains", "single"), ("over_transfer", "transfer"), ("over_mtl", "MTL")):
        seeds = results.tables[name].n
        if (seeds < FEWEST_SEEDS).any():
            few.append(f"{(seeds < FEWEST_SEEDS).sum()} of {len(seeds)} with {title}")
    if few:
        return [
            f"Comparisons that have fewer than {FEWEST_SEEDS} seeds: {', '.join(few)}. They get no "
            "star, for so few can't show how much training varies."
        ]
    return []
