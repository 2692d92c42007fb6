"""The sections of cost, and of the runs themselves."""

from collections.abc import Sequence

import pandas as pd

from bioner.report.results import Results
from bioner.report.sections.section import Section, axis_columns, ordered
from bioner.report.study import Problem
from bioner.report.table import Column, Table, count, percent, text

_COST = ["regime", "encoder", "size", "variant"]


def cost_section(results: Results) -> Section | None:
    """Return what the runs cost, and what the store of stages saved."""
    table = results.tables["cost"]
    if table.empty:
        return None
    table = ordered(table, _COST)
    axes, same = axis_columns(table, _COST)
    columns = [
        *axes,
        count("runs", "runs"),
        count("train_seconds", "training, s", 1),
        count("wall_seconds", "whole run, s", 1),
        count("total_hours", "all runs, h", 2),
        count("words_per_second", "words/s"),
        Column("peak_rss_bytes", "peak memory, MB", lambda row: _megabytes(row["peak_rss_bytes"])),
    ]
    caption = (
        "Medians over the runs; memory is the largest resident size of a process. Training is of "
        f"the fine-tuning stage. {same}"
    )
    tables = [Table("cost", "Runs", caption.strip(), table, columns)]
    if len(results.tables["stages"]):
        tables.append(_stages(results.tables["stages"]))
    return Section("cost", "Cost", [], tables)


def _megabytes(value: float) -> str:
    return "" if pd.isna(value) else f"{value / 1e6:,.0f}"


def _stages(table: pd.DataFrame) -> Table:
    axes, same = axis_columns(table, ["sources", "encoder"])
    columns = [
        *axes,
        text("stage", "stage"),
        count("runs", "runs"),
        count("reused", "took it from the store"),
        count("seconds", "training, s", 1),
        count("saved_hours", "saved, h", 2),
    ]
    saved = table.saved_hours.sum()
    caption = (
        f"Pretraining is done once per stage: {int(table.reused.sum())} of {int(table.runs.sum())} "
        f"runs took theirs from the store, which saved {saved:.2f} hours of training. {same}"
    )
    return Table("stages", "Pretraining stages", caption.strip(), table, columns)


def runs_section(results: Results) -> Section:
    """Return every run with its command, what is not here, and every problem."""
    tables = [_problems(results.problems)] if results.problems else []
    if len(results.tables["left_out"]):
        tables.append(_left_out(results.tables["left_out"]))
    return Section("runs", "Runs", [], [*tables, _all_runs(results)])


def _states(results: Results) -> pd.Series:
    everything, kept = results.everything, set(results.frame.run)
    done = everything.status == "complete"
    state = everything.status.where(everything.run.isin(kept) | ~done, "incompatible")
    state = state.mask(everything.collapsed.astype(bool) & (state == "complete"), "collapsed")
    return state.mask(done & everything.f1.isna(), "no score")


def _all_runs(results: Results) -> Table:
    columns = [
        "run",
        "regime",
        "target",
        "sources",
        "partners",
        "encoder",
        "mixing",
        "size",
        "variant",
        "seed",
        "f1",
        "wall_seconds",
        "commit",
        "command",
    ]
    table = results.everything.assign(state=_states(results))[["state", *columns]]
    axes, same = axis_columns(table, columns[1:9])
    shown = [
        text("run", "run"),
        text("state", "state"),
        *axes,
        count("seed", "seed"),
        percent("f1", "F1 %"),
        count("wall_seconds", "seconds", 1),
        Column("commit", "commit", lambda row: row["commit"][:10], number=False),
        text("command", "command"),
    ]
    caption = f"A row per run and target. {same}"
    return Table("runs", "All runs", caption.strip(), table, shown)


def _problems(problems: Sequence[Problem]) -> Table:
    return Table(
        "problems",
        "What is not in the tables",
        "Runs that failed, diverged, are unfinished, unreadable or incompatible, targets "
        "whose test split has no mention, and prediction files that could not be used.",
        pd.DataFrame([vars(problem) for problem in problems]),
        [text("state", "state"), text("place", "where"), text("says", "what")],
    )


def _left_out(table: pd.DataFrame) -> Table:
    table = ordered(table)
    axes, same = axis_columns(table)
    columns = [*axes, text("seeds", "seeds")]
    caption = f"Complete runs that a packed study asked for and that are not in this folder. {same}"
    return Table("left_out", "What was left out", caption.strip(), table, columns)
