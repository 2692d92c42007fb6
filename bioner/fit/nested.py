"""The F1 to expect where there is no test: folds of train are test, each with its own search."""

from collections.abc import Sequence
from dataclasses import dataclass

from bioner.config.fit import FitConfig
from bioner.errors import ConfigError, UserError
from bioner.fit.candidates import BASELINE, Candidate
from bioner.fit.decision import decide
from bioner.fit.prepared import Prepared
from bioner.fit.rungs import Rung
from bioner.fit.search import Search, Spending
from bioner.fit.trial import Trial
from bioner.fit.trials import Trials
from bioner.report.one_gain import Gain, gain_of
from bioner.runs.record_file import read_record


@dataclass
class Expected:
    """What such searches gave on folds that they never saw.

    Attributes:
        chosen: by the search of each fold.
        f1: of what it chose, on the fold; None where the fold has no mention.
        gain: the mean over folds, over `single` on the same folds.
    """

    chosen: list[str]
    f1: list[float | None]
    gain: Gain


def expected(
    config: FitConfig, trials: Trials, spending: Spending, ladder: Sequence[Rung], many: int
) -> tuple[Expected | None, str]:
    """Search once for each fold, from the order of the sources on, and score what is taken on it.

    Args:
        config: of the search.
        trials: runs what is asked for.
        spending: what was spent so far, to which this adds.
        ladder: the rungs.
        many: candidates that the search tried itself; one of a fold tries no more.

    Returns:
        What came of it, or None and why.
    """
    plans: list[Candidate] = []
    sides: list[tuple[Trial, Trial]] = []
    for outer in range(1, 1 + trials.parting.test):
        prepared = Prepared(config, trials, outer)
        search = Search(trials, spending, prepared.expectation, outer)
        try:
            paid = [*spending.priced.values()]
            chosen = spending.affordable.choose(prepared.others, spending.budget, outer, paid)
        except ConfigError as error:
            return None, str(error)
        taken = decide(config, search, search.go(chosen[:many], ladder)).chosen
        seed = final_seeds(config, search, taken)[0]
        ours, theirs = (score(config, search, one, [seed])[0] for one in (taken, BASELINE))
        sides.append((ours, theirs))
        plans.append(taken)
    if not plans:
        return None, "test_folds=0"
    runs, singles = (
        [trials.job(trial).directory for trial in side] for side in zip(*sides, strict=True)
    )
    texts = [*range(1, 1 + len(plans))]
    gain = gain_of(runs, singles, config.target, "test", config.seed, texts)
    f1 = [read_record(run).scores[config.target].test_f1 for run in runs]
    return Expected([one.name for one in plans], f1, gain), ""


def final_seeds(config: FitConfig, search: Search, plan: Candidate) -> list[int]:
    """Return the seeds of the runs that are handed out or scored; if one, the best on devel."""
    seeds, parting = search.seeds(config.seeds), search.parting
    number = parting.finals(search.outer, config.seeds)
    if number == len(seeds) or parting.devel:
        return seeds[:number]
    return [max(seeds, key=lambda seed: devel_of(config, search, search.trial(plan, seed)))]


def score(config: FitConfig, search: Search, plan: Candidate, seeds: Sequence[int]) -> list[Trial]:
    """Run what is handed out or compared: scored on test, this once, where there is one.

    Raises:
        UserError: a run failed.
    """
    parting = search.parting
    tested, whole = parting.is_tested(search.outer), parting.devel > 0
    trials = [search.trial(plan, seed, tested, whole) for seed in seeds]
    failed = search.run(dict.fromkeys(trials))
    if failed:
        raise UserError(f"{plan.name}: its last runs failed: {next(iter(failed.values()))}")
    for trial in trials if whole else ():
        search.spending.pay(trial)
    return trials


def devel_of(config: FitConfig, search: Search, trial: Trial) -> float:
    """Return the devel F1 of a run."""
    return read_record(search.directory(trial)).best[config.target].f1 or 0.0
