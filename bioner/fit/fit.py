"""`bioner fit`: from a corpus and a budget to the best tagger, never worse than without help."""

import os
from collections.abc import Mapping

from rich.console import Console

from bioner import __version__
from bioner.config.fit import FitConfig
from bioner.config.train import TrainConfig
from bioner.corpora.catalogue import Corpus
from bioner.errors import Stopped, UserError
from bioner.fit.admission import load_target, look_at_sources
from bioner.fit.candidates import BASELINE, Candidate, candidates
from bioner.fit.curve import Curve, LearningCurve
from bioner.fit.decision import Decision, compare, decide
from bioner.fit.page import write_page
from bioner.fit.price import price, updates
from bioner.fit.ranking import Ranking, rank
from bioner.fit.result import Cost, FitResult, Ranked, Tried
from bioner.fit.rungs import Affordable, rungs
from bioner.fit.search import Search
from bioner.fit.trials import Trial, Trials
from bioner.fit.words import how_to_use, paragraphs, say
from bioner.machine.writing import naming
from bioner.predict.card import card_of_run
from bioner.predict.finished import open_run
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
    found = _Fit(config, trials)
    if config.dry_run:
        found.show()
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


class _Fit:
    """One search, from what is known before it to its result."""

    def __init__(self, config: FitConfig, trials: Trials) -> None:
        self._config, self._trials = config, trials
        target = load_target(config)
        self._looked, sources = look_at_sources(config, target)
        self._ranking = rank(config, target, sources)
        corpora: dict[str, Corpus] = {config.target: target, **sources}
        single = self._config_of(BASELINE)
        epochs = price(single, corpora).epochs
        shared = {one.name: bool(one.shared_types) for one in self._looked}
        steps = max(1, round(config.pretrain_updates * updates(single, corpora)))
        given = trials.given
        self._others = candidates(config, self._ranking, shared, steps, epochs, given)
        self._configs: dict[Candidate, TrainConfig] = {
            one: self._config_of(one) for one in (BASELINE, *self._others)
        }
        self._ladder = rungs(epochs, config.seeds)
        self._affordable = Affordable(self._configs, corpora, self._ladder)
        self._corpora: Mapping[str, Corpus] = corpora

    def _config_of(self, one: Candidate) -> TrainConfig:
        return self._trials.job(Trial(one, self._config.seed)).config

    def show(self) -> None:
        """Print the sources, and the candidates with what they cost, and run nothing."""
        console = Console(highlight=False, soft_wrap=True)
        for source in self._looked:
            console.print(f"{source.name}: {source.refused or 'a source'}", markup=False)
        budget = self._config.budget
        if budget.hours is None:
            chosen = self._affordable.choose(self._others, budget.runs)
            most = self._affordable.most(chosen)
            console.print(f"single and {len(chosen)} candidates, {most:.1f} runs of single at most")
        else:
            chosen = self._others
            console.print("how many of these the hours pay for is known once single is trained")
        for one in chosen:
            trial = Trial(one, self._config.seed)
            console.print(f"{one.name}\n  {self._trials.command(trial)}", markup=False)

    def result(self) -> FitResult:
        """Search, and return what came of it."""
        config = self._config
        budget = self._budget()
        chosen = self._affordable.choose(self._others, budget)
        search = Search(self._trials, self._configs, self._affordable, budget)
        best = search.go(chosen, self._ladder)
        decision = decide(config, search, best)
        curve, no_curve = self._curve(search, decision.chosen, budget)
        finals = self._finals(search, decision)
        winner = max(finals[decision.chosen], key=self._devel)
        records = {t.seed: read_record(search.directory(t)) for t in finals[decision.chosen]}
        taken = decision.chosen != BASELINE
        return FitResult(
            config.target,
            os.path.relpath(search.directory(winner), config.folder.absolute()),
            decision.chosen.name,
            best.name if best else "",
            decision.why,
            config.confidence,
            self._trials.command(winner),
            decision.gain,
            compare(config, search, decision.chosen, "test") if taken else None,
            {str(seed): one.scores[config.target].test_f1 for seed, one in records.items()},
            self._looked,
            _order(self._ranking),
            self._ranking.recommendation.basis if self._ranking.recommendation else "",
            [self._tried(one, search) for one in search.standings],
            curve,
            no_curve,
            Cost(budget, search.spent, self._hours(search)),
            __version__,
            git_commit(),
        )

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

    def _curve(self, search: Search, plan: Candidate, budget: float) -> tuple[Curve | None, str]:
        """Return the learning curve, or why there is none."""
        if not self._config.curve:
            return None, "curve=false"
        steps = updates(self._configs[plan], self._corpora)
        curve = LearningCurve(self._config, search, plan, steps)
        whole = self._affordable.prices[plan, self._config.seed]
        costs = curve.costs(whole) / self._affordable.run
        left = budget - search.spent
        if costs > left:
            return None, f"it takes {costs:.1f} runs of single, and {max(0, left):.1f} are left"
        found = curve.make(whole)
        return found, "" if found else "a run of it failed"

    def _finals(self, search: Search, decision: Decision) -> dict[Candidate, list[Trial]]:
        """Score test, this once, with the runs of the plan that is taken and of `single`."""
        plans = dict.fromkeys((decision.chosen, BASELINE))
        seeds = search.seeds(self._config.seeds)
        finals = {one: [Trial(one, seed, test=True) for seed in seeds] for one in plans}
        failed = search.run({trial: None for each in finals.values() for trial in each})
        if failed:
            raise UserError(f"a run could not be scored on test: {next(iter(failed.values()))}")
        return finals

    def _devel(self, trial: Trial) -> float:
        record = read_record(self._trials.job(trial).directory)
        return record.best[self._config.target].f1 or 0.0

    def _tried(self, one: Candidate, search: Search) -> Tried:
        standing = search.standings[one]
        command = self._trials.command(Trial(one, self._config.seed))
        return Tried(one.name, [*one.sources], standing.rungs, standing.failed, command)

    def _hours(self, search: Search) -> float:
        """Return the hours of training of all runs; a stage that several share counts once."""
        seconds: dict[str, float] = {}
        for trial in search.priced:
            found = course(search.directory(trial))
            seconds |= {} if found is None else found.seconds
        return sum(seconds.values()) / 3600


def _order(ranking: Ranking) -> list[Ranked]:
    advice = ranking.recommendation.advice if ranking.recommendation else []
    return [Ranked(one.source, one.score, one.speaks_for, one.speaks_against) for one in advice]
