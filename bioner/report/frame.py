"""Records as one tidy frame: a row for each target of each run."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from bioner.errors import ConfigError, nearest
from bioner.report.settings import Settings, under
from bioner.report.study import Problem, Run
from bioner.report.variants import name_variants
from bioner.runs.record import PRETRAIN, Record
from bioner.runs.scores import Scores, SplitScores

CELL = ["regime", "target", "sources", "partners", "encoder", "mixing", "size", "variant"]
"""The axes: runs that agree in all of them are averaged, over their seeds, subsets and folds."""

REPLICATE = ["seed", "subset_seed", "fold"]
"""What the runs of one cell differ in; gains are paired by it. The fold is that of the target."""

REGIMES = ("single", "mtl", "transfer", "transfer_mtl")


LEFT_OUT = "left out"
"""The status of a run that is complete and that a packed study does not hold."""


@dataclass(frozen=True)
class Tidy:
    """A study as rows.

    Attributes:
        frame: a row for each target of each run.
        problems: the runs whose config lacks what a row needs.
        same: `KEY=VALUE` of the axes that were asked for and are the same in all runs.
    """

    frame: pd.DataFrame
    problems: list[Problem]
    same: list[str]


def tidy(runs: Iterable[Run], axes: Sequence[str] = ()) -> Tidy:
    """Return a row for each target of each run.

    Scores are from 0 to 1 and of the test split; they are missing where a run is not complete.
    `sources` and `partners` are joined by `+`; `settings` holds, as JSON, all that must not differ
    between runs that are compared or averaged; `as_single`, `as_transfer` and `as_mtl` are the
    `variant` that a run of that regime would have.

    Args:
        runs: of a study.
        axes: further config keys that make the `variant`, as far as runs differ in them.

    Raises:
        ConfigError: an axis that no run's config has.
    """
    rows: list[dict[str, Any]] = []
    problems = []
    for run in runs:
        try:
            rows += _rows(run, axes)
        except (KeyError, TypeError, AttributeError, ValueError, IndexError) as error:
            says = f"the config in the record is damaged: {type(error).__name__} {error}"
            problems.append(Problem("unreadable", str(run.place or run.record.run), says))
    keys = {key for row in rows for key in row.pop("keys")}
    for axis in axes:
        if rows and not any(under(key, axis) for key in keys):
            raise ConfigError("axes", f"no run's config has {axis!r}", nearest(axis, keys))
    same = name_variants(rows)
    return Tidy(pd.DataFrame(rows, columns=[*_COLUMNS, *_NUMBERS]), problems, same)


_COLUMNS = [
    "run",
    "place",
    "command",
    "status",
    *CELL,
    *REPLICATE,
    "collapsed",
    "as_single",
    "as_transfer",
    "as_mtl",
    "as_mixing",
    "settings",
    "error",
    "commit",
    "reused",
    "stage",
]
_NUMBERS = [
    "semantics",
    "folds",
    "train_sentences",
    "share",
    "f1",
    "precision",
    "recall",
    "support",
    "predicted",
    "correct",
    "devel_f1",
    "seen_f1",
    "seen_support",
    "unseen_f1",
    "unseen_support",
    "test_sentences",
    "train_seconds",
    "pretrain_seconds",
    "wall_seconds",
    "words_per_second",
    "peak_rss_bytes",
]


def rows_of(frame: pd.DataFrame) -> Iterator[Any]:
    """Yield the rows as named tuples; a column's type is what was put in, which no stub knows."""
    yield from frame.itertuples()


Cell = tuple[Any, ...]
"""The values of `CELL`."""


def by_cell(frame: pd.DataFrame, columns: Sequence[str]) -> dict[Cell, list[dict[Any, Any]]]:
    """Return the rows of each cell, with some columns beside the axes, in the frame's order.

    A frame for each of hundreds of cells would cost more than what is computed of it.
    """
    found: dict[Cell, list[dict[Any, Any]]] = {}
    for row in frame[[*dict.fromkeys([*CELL, *columns])]].to_dict("records"):
        found.setdefault(tuple(row[axis] for axis in CELL), []).append(row)
    return found


def _rows(run: Run, axes: Sequence[str]) -> Iterator[dict[str, Any]]:
    record, settings = run.record, Settings(run.record)
    common = {
        "run": record.run,
        "place": run.place,
        "command": run.command,
        "status": LEFT_OUT if run.left_out and record.status == "complete" else record.status,
        "regime": record.regime,
        "sources": settings.sources,
        "encoder": settings.encoder,
        "size": size_label(settings.config.finetune.train_size),
        "seed": record.seed,
        "subset_seed": settings.config.subset_seed,
        "semantics": record.semantics,
        "error": record.error.message if record.error else "",
        "commit": record.environment.git_commit or "",
        "keys": settings.keys,
        **_costs(record),
    }
    for target in settings.config.finetune.targets:
        of_target = {
            "target": target,
            "partners": settings.partners(target),
            "mixing": settings.mixing(target),
            "as_mixing": settings.mixing(target, "transfer"),
            "fold": settings.fold(target),
            "folds": settings.config.dataset[target].folds or 0,
            "variant": settings.variant(axes, target),
            "settings": settings.must_agree(axes, target),
        }
        for other in ("single", "transfer", "mtl"):
            of_target[f"as_{other}"] = settings.variant(axes, target, other)
        done = common["status"] == "complete"
        scores = _scores(record, target) if done else {}
        yield common | of_target | scores | {"collapsed": done and _collapsed(record, target)}


def size_label(size: int | float | None) -> str:
    """Return how tables name a train size: `all`, `10 %` or `100`."""
    if size is None or (isinstance(size, float) and size == 1):
        return "all"
    return f"{100 * size:g} %" if isinstance(size, float) else str(size)


def _scores(record: Record, target: str) -> dict[str, Any]:
    scores, sentences = record.scores[target], record.datasets[target].sentences
    test, use = scores.test, record.task(target)
    if test is None:  # `finetune.test`: no row of a table
        return {}
    return {
        "f1": _defined(test, "f1"),
        "precision": _defined(test, "precision"),
        "recall": _defined(test, "recall"),
        "support": test.support,
        "predicted": test.predicted,
        "correct": test.correct,
        "devel_f1": math.nan if use.devel_trained else _defined(scores.devel, "f1"),
        "seen_f1": _defined(test.seen, "f1"),
        "seen_support": test.seen.support,
        "unseen_f1": _defined(test.unseen, "f1"),
        "unseen_support": test.unseen.support,
        "train_sentences": use.train_sentences,
        "share": (use.train_sentences - use.devel_trained) / sentences["train"],
        "test_sentences": sentences["test"],
    }


def _collapsed(record: Record, target: str) -> bool:
    """Say whether the selected weights of a complete run find no devel mention of a target.

    A record says it of all targets together, and older ones don't say it.
    """
    devel = record.scores[target].devel
    nothing = devel.support > 0 and devel.correct == 0
    return nothing or (record.collapsed and len(record.best) == 1)


def _defined(found: Scores | SplitScores, name: str) -> float:
    """Return a score, NaN where there is no mention to find: older records say 0 there."""
    value = getattr(found, name) if found.support else None
    return math.nan if value is None else float(value)


def with_score(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[Problem]]:
    """Keep the rows but those of complete runs without a score; name each target of such rows."""
    without = (frame.status == "complete") & frame.f1.isna()
    problems = [
        Problem(
            "no score", str(target), f"its test split has no mention: runs without score: {number}"
        )
        for target, number in frame[without & frame.support.notna()].target.value_counts().items()
    ]
    problems += [
        Problem(
            "untested", str(target), f"runs that never looked at test (finetune.test): {number}"
        )
        for target, number in frame[without & frame.support.isna()].target.value_counts().items()
    ]
    return frame[~without], problems


def _costs(record: Record) -> dict[str, Any]:
    timing, pretraining = record.timing, record.stage(PRETRAIN)
    trained = None if pretraining is None else pretraining.timing
    # What came between pretraining and the last stage is the run's own, too.
    between = sum(
        one.timing.train_seconds
        for one in record.stages[:-1]
        if one.name != PRETRAIN and one.timing is not None
    )
    own = timing.train_seconds
    return {
        "train_seconds": None if own is None else own + between,
        "wall_seconds": timing.wall_seconds,
        "words_per_second": timing.words_per_second,
        "peak_rss_bytes": timing.peak_rss_bytes,
        "pretrain_seconds": None if trained is None else trained.train_seconds,
        "reused": None if pretraining is None else pretraining.reused,
        "stage": "" if pretraining is None else pretraining.key,
    }
