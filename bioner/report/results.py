"""All that the analyses of one study find, before any of it is shown."""

import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from bioner.config.report import ReportConfig
from bioner.errors import UserError
from bioner.report.analyses import cost, curves, devel, gains, regimes, scores, types
from bioner.report.analyses import mistakes as errors
from bioner.report.analyses.conflict import conflict
from bioner.report.analyses.cross import cross
from bioner.report.analyses.pairs import BASES, asked_tests, paired
from bioner.report.compatible import compatible
from bioner.report.evidence import Evidence, Units, collect
from bioner.report.frame import LEFT_OUT, rows_of, tidy, with_score
from bioner.report.measure_values import read_measures
from bioner.report.resampling import bootstrap_f1
from bioner.report.study import Problem, Run

_, *PARTS = BASES
"""The regimes that transfer then MTL is made of."""


@dataclass(frozen=True)
class Results:
    """The frames of a study.

    Attributes:
        everything: a row per run and target, whatever became of it.
        frame: those of them that may be compared.
        problems: what the tables can't show.
        unit: what resampling draws, per target.
        tests: how many comparisons with a regime the study asked for.
        same: `KEY=VALUE` of the axes in which no runs differ, and which name no variant.
        tables: every analysis' frame under its name.
    """

    everything: pd.DataFrame
    frame: pd.DataFrame
    problems: list[Problem]
    unit: dict[str, str]
    tests: dict[str, int]
    same: list[str]
    tables: dict[str, pd.DataFrame]


def analyse(config: ReportConfig, runs: list[Run], problems: list[Problem]) -> Results:
    """Run every analysis.

    Args:
        config: of the report.
        runs: of the study.
        problems: that reading it has found.
    """
    made = tidy(runs, config.axes)
    everything = made.frame
    frame, others = compatible(everything)
    frame = _of_these_semantics(frame)
    frame, unscored = with_score(frame)
    evidence = collect(frame, config.words)
    draws = _draws(evidence.units, config)
    measures, unread = read_measures(config.measures, Path(config.runs_dir) / config.study)
    crossed, uncrossed = cross(frame, runs)
    problems = [
        *problems,
        *made.problems,
        *_failed(everything),
        *others,
        *unscored,
        *evidence.problems,
        *unread,
        *uncrossed,
    ]
    tables = _scores(frame, evidence.units, draws, config)
    tables |= {
        "cross": crossed,
        "conflict": conflict(frame, runs),
        "by_type": types.by_type(frame, runs),
        "devel_curves": devel.devel_curves(frame, runs),
        "seen_unseen": scores.seen_and_unseen(frame),
        "cost": cost.cost(frame),
        "stages": cost.stages(frame),
        "collapsed": frame[frame.collapsed.astype(bool)],
        "left_out": scores.left_out(frame),
    }
    tables |= _errors(frame, evidence)
    if not measures.empty:
        problems += _measured(tables, frame, measures, config)
    unit = {target: counts.kind for (target, _), counts in evidence.units.items()}
    tests = {against: asked_tests(frame, against) for against in BASES}
    return Results(everything, frame, problems, unit, tests, made.same, tables)


def _errors(frame: pd.DataFrame, evidence: Evidence) -> dict[str, pd.DataFrame]:
    found: dict[str, pd.DataFrame] = {}
    if not evidence.mistakes.empty:
        found |= {
            "error_kinds": errors.by_kind(frame, evidence.mistakes),
            "mention_length": errors.by_length(frame, evidence.mistakes),
            "type_errors": errors.type_pairs(frame, evidence.mistakes),
            "partial_matches": errors.partial_scores(frame, evidence.partial),
        }
    if not evidence.pairs.empty:
        found["error_words"] = errors.words(frame, evidence.pairs)
    return found


def _of_these_semantics(frame: pd.DataFrame) -> pd.DataFrame:
    """Leave out what other semantics asked for: it is no part of this study's comparisons."""
    known = set(frame[frame.status == "complete"].semantics)
    return frame[(frame.status != LEFT_OUT) | frame.semantics.isin(known) | (not known)]


def _rng(config: ReportConfig, name: str) -> np.random.Generator:
    """Return random numbers for one purpose, whatever else is drawn."""
    return np.random.default_rng([config.seed, zlib.crc32(name.encode())])


def _draws(units: Units, config: ReportConfig) -> scores.Draws:
    """Return F1 on redrawn units: each fold has other texts, which are redrawn by themselves."""
    found: dict[tuple[str, str], np.ndarray] = {}
    for (target, fold), counts in units.items():
        runs, name = list(counts.correct), f"{target} fold {fold}" if fold else target
        drawn = bootstrap_f1(*counts.of(runs), counts.gold, config.samples, _rng(config, name))
        found |= {(target, run): drawn[k] for k, run in enumerate(runs)}
    return found


def _failed(everything: pd.DataFrame) -> list[Problem]:
    lost = ~everything.status.isin(["complete", LEFT_OUT])
    rows = everything[lost].drop_duplicates("run")
    return [
        Problem(
            row.status, str(row.place or row.run), row.error or "no record: not ended, or killed"
        )
        for row in rows_of(rows)
    ]


def _scores(
    frame: pd.DataFrame, units: Units, draws: scores.Draws, config: ReportConfig
) -> dict[str, pd.DataFrame]:
    table = scores.scores(frame, draws, config.seed)
    found = {"scores": table}
    for against in BASES:
        name = "gains" if against == "single" else f"over_{against}"
        pairs = found[f"{name}_by_seed"] = paired(frame, against)
        family = asked_tests(frame, against)
        found[name] = gains.compared(pairs, units, draws, config.samples, config.seed, family)
    found["summary"] = gains.summary(found["gains"], config.samples, _rng(config, "summary"))
    found["paper"] = regimes.paper(regimes.chosen(table, found["gains"]))
    found["ranks"] = regimes.mean_ranks(found["paper"])
    found["curves"] = curves.curves(table)
    found["label_saving"] = curves.label_saving(frame, table, draws, config.seed)
    return found


def _measured(
    tables: dict[str, pd.DataFrame],
    frame: pd.DataFrame,
    measures: pd.DataFrame,
    config: ReportConfig,
) -> list[Problem]:
    """Add the measures' tables, or say why they can't be had."""
    from bioner.report.analyses import measured  # with scikit-learn: a second

    table = measured.gain_table(paired(frame, "single"))
    try:
        tables["measure_ranking"] = measured.wide(measured.ranking(table, measures, config.seed))
    except UserError as error:
        return [Problem("unreadable", "measures.csv", str(error))]
    tables["calibration"] = measured.calibrated(table, measures)
    tables["measure_points"] = measured.points(tables["gains"], measures)
    return []
