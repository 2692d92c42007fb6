"""`bioner fit`: from a corpus and a budget to a tagger, `single` unless another seems no worse."""

import os
from collections.abc import Callable, Sequence

from rich.console import Console

from bioner import __version__
from bioner.config.fit import FitConfig
from bioner.errors import ConfigError, Stopped, UserError
from bioner.fit.candidates import BASELINE, Candidate
from bioner.fit.curve import Curve, LearningCurve
from bioner.fit.decision import compare, decide
from bioner.fit.nested import devel_of, expected, final_seeds, score
from bioner.fit.page import write_page
from bioner.fit.prepared import Prepared, Prices, command_lines
from bioner.fit.price import updates
from bioner.fit.result import Cost, Earlier, FitResult, Tried, ranked_sources
from bioner.fit.rungs import Affordable, rungs
from bioner.fit.search import Search, Spending
from bioner.fit.trial import Trial
from bioner.fit.trials import Trials
from bioner.fit.words import how_to_use, paragraphs, parting_in_words, say, source_lines
from bioner.machine.writing import naming
from bioner.predict.card import card_of_run
from bioner.predict.finished import open_run
from bioner.report.one_gain import Gain
from bioner.runs.course import course
from bioner.runs.environment import git_commit
from bioner.runs.record_file import read_record


def fit(config: FitConfig, trials: Trials, command: str) -> None:
    """Search, train, decide, score test once, and say what came of it.

    Args:
        config: the checked config.
        trials: runs what is asked for.
        command: what was typed.

    Raises:
        UserError: what the user gave can't be used.
        Stopped: a signal stopped the search; the same command goes on.
    """
    earlier = Earlier.of(config.folder)
    if earlier and earlier.target != config.target:
        says = f"{config.folder} holds the result of a search for {earlier.target}"
        raise ConfigError("name", says, "another name")
    found = _Fit(config, trials)
    found.show()
    if config.dry_run:
        found.show_plans()
        return
    try:
        result = found.result()
    except Stopped as stopped:
        left = stopped.left or "the same command goes on where it was"
        raise Stopped(stopped.number, left) from None
    with naming(config.folder):
        config.folder.mkdir(parents=True, exist_ok=True)
        write_page(config.folder, result, command)
        run, use = open_run(config.folder / result.run), how_to_use(config.folder)
        card = card_of_run(run, config.target, use, paragraphs(result))
        (config.folder / "MODEL_CARD.md").write_text(card, encoding="utf-8")
        result.write(config.folder)
    say(result, config.folder)
    if earlier and earlier.run != result.run:
        print(f"Before, {config.folder} named another run: {earlier.run}; it is still there.")


class _Fit:
    """One search, from what is known before it to its result."""

    def __init__(self, config: FitConfig, trials: Trials) -> None:
        self._config, self._trials = config, trials
        self._parting = trials.parting
        self._prepared = Prepared(config, trials)
        prices = Prices(config, trials, self._prepared.corpora)
        single = Trial(BASELINE, config.seed)
        self._ladder = rungs(prices(single).epochs, config.seeds)
        self._affordable = Affordable(prices, self._ladder, self._parting)
        if config.budget.hours is None:
            # A budget that pays for none is said before minutes of measuring.
            self._affordable.choose(self._prepared.unmeasured, config.budget.runs)
        self._order = ranked_sources(self._prepared.ranking)

    def show(self) -> None:
        """Print the sources, and what takes the place of splits that the target lacks."""
        lines = [*parting_in_words(self._parting, self._config.seeds)]
        lines += source_lines(self._prepared.looked, self._order)
        console = Console(highlight=False, soft_wrap=True)
        for line in lines:
            console.print(line, markup=False)

    def show_plans(self) -> None:
        """Print the candidates with what they cost, and run nothing."""
        console = Console(highlight=False, soft_wrap=True)
        budget, chosen = self._config.budget, self._prepared.others
        if budget.hours is None:
            chosen = self._affordable.choose(chosen, budget.runs)
            most = self._affordable.most(chosen)
            console.print(f"single and {len(chosen)} candidates, {most:.1f} runs of single at most")
        else:
            console.print("how many of these the hours pay for is known once single is trained")
        for line in command_lines(chosen, self._trials, self._config.seed):
            console.print(line, markup=False)

    def result(self) -> FitResult:
        """Search, and return what came of it."""
        config, trials = self._config, self._trials
        spending = Spending(self._affordable, self._budget())
        chosen = self._affordable.choose(self._prepared.others, spending.budget)
        search = Search(trials, spending, self._prepared.expectation)
        best = search.go(chosen, self._ladder)
        decision = decide(config, search, best, self._prepared.ranking.unknown)
        finals = self._finals(search, decision.chosen)
        winner = finals[0] if self._parting.devel else max(finals, key=self._devel(search))
        expects, why_not = expected(config, trials, spending, self._ladder, len(chosen))
        curve, no_curve = self._curve(search, decision.chosen)
        tested = self._parting.is_tested(0)
        return FitResult(
            config.target,
            os.path.relpath(search.directory(winner), config.folder.absolute()),
            decision.chosen.name,
            best.name if best else "",
            decision.why,
            config.confidence,
            trials.command(winner),
            decision.gain,
            decision.before,
            decision.together,
            self._on_test(search, decision.chosen) if tested else None,
            self._test_f1(search, finals) if tested else {},
            parting_in_words(self._parting, config.seeds),
            expects,
            "" if tested else why_not,
            self._prepared.looked,
            str(config.leakage),
            self._order,
            self._basis,
            [self._tried(one, search) for one in search.standings],
            curve,
            no_curve,
            Cost(spending.budget, spending.spent, search.hours),
            __version__,
            git_commit(),
        )

    def _finals(self, search: Search, plan: Candidate) -> list[Trial]:
        """Return the runs of what is taken, scored on test where there is one, as is `single`."""
        seeds = final_seeds(self._config, search, plan)
        finals = score(self._config, search, plan, seeds)
        if self._parting.is_tested(0) and plan != BASELINE:
            score(self._config, search, BASELINE, seeds)
        return finals

    def _on_test(self, search: Search, plan: Candidate) -> Gain | None:
        return None if plan == BASELINE else compare(self._config, search, plan, "test")

    def _test_f1(self, search: Search, finals: Sequence[Trial]) -> dict[str, float | None]:
        records = {one.seed: read_record(search.directory(one)) for one in finals}
        return {str(s): one.scores[self._config.target].test_f1 for s, one in records.items()}

    @property
    def _basis(self) -> str:
        found = self._prepared.ranking.recommendation
        return found.basis if found else ""

    def _budget(self) -> float:
        """Return the budget in runs of `single`; hours are measured by its first run."""
        budget = self._config.budget
        if budget.hours is None:
            return budget.runs
        first = Trial(BASELINE, self._config.seed)
        failed = self._trials.run({first: None})
        found = None if failed else course(self._trials.job(first).directory)
        if found is None:
            why = failed.get(first, "it left no record")
            raise UserError(f"single failed, by which hours are measured: {why}")
        return 3600 * budget.hours / sum(found.seconds.values())

    def _curve(self, search: Search, plan: Candidate) -> tuple[Curve | None, str]:
        """Return the learning curve, or why there is none."""
        if not self._config.curve:
            return None, "curve=false"
        plan = plan.teacher or plan
        job = self._trials.job(Trial(plan, self._config.seed))
        if not job.config.selftrain.left_out:
            return None, "self-training has more text without labels where labels are fewer"
        curve = LearningCurve(
            self._config, search, plan, updates(job.config, self._prepared.corpora)
        )
        costs, left = search.spending.further(curve.shares()), search.spending.left
        if costs > left:
            return None, f"it takes {costs:.1f} runs of single, and {left:.1f} are left"
        found = curve.make()
        return found, "" if found else "a run of it failed"

    def _devel(self, search: Search) -> Callable[[Trial], float]:
        return lambda trial: devel_of(self._config, search, trial)

    def _tried(self, one: Candidate, search: Search) -> Tried:
        standing = search.standings[one]
        command = self._trials.command(Trial(one, self._config.seed))
        return Tried(one.name, [*one.sources], standing.rungs, standing.failed, command)
