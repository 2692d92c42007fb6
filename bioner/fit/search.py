"""The search: rung after rung, on devel. What is known of it are the runs themselves."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bioner.errors import UserError
from bioner.fit.candidates import BASELINE, Candidate
from bioner.fit.expectation import Expectation
from bioner.fit.price import Priced, total
from bioner.fit.rungs import Affordable, Rung, going_on, priced
from bioner.fit.trial import Trial
from bioner.fit.trials import Trials
from bioner.runs.clock import clock
from bioner.runs.course import course
from bioner.runs.percent import percent, points


@dataclass
class Reached:
    """What a candidate gave in one rung.

    Attributes:
        epochs: after which the rung ends.
        seeds: of its runs.
        devel: their devel F1.
        gain: the mean over seeds less that of `single` in the same rung.
        expected: the gain to expect, by which it was placed: `gain` and what was known before.
    """

    epochs: int
    seeds: list[int]
    devel: list[float]
    gain: float
    expected: float

    @property
    def mean(self) -> float:
        """The mean devel F1."""
        return sum(self.devel) / len(self.devel)


@dataclass
class Standing:
    """A candidate and what became of it.

    Attributes:
        candidate: it.
        rungs: that it reached, in order.
        failed: why it could not go on; "" where it could.
    """

    candidate: Candidate
    rungs: list[Reached] = field(default_factory=list)
    failed: str = ""


class Spending:
    """What was spent of a budget.

    Args:
        affordable: knows the prices.
        budget: in runs of `single`.

    Attributes:
        affordable: it.
        budget: it.
        priced: the trials that were run, with what they cost.
    """

    def __init__(self, affordable: Affordable, budget: float) -> None:
        self.affordable, self.budget = affordable, budget
        self.priced: dict[Trial, Priced] = {}

    @property
    def spent(self) -> float:
        """What all runs so far cost, in runs of `single`."""
        return total(self.priced.values()) / self.affordable.run

    @property
    def left(self) -> float:
        """What is left of the budget."""
        return max(0.0, self.budget - self.spent)

    def pay(self, trial: Trial, share: float = 1.0) -> None:
        """Note what a run costs."""
        trial = replace(trial, test=False)
        self.priced[trial] = priced(trial, self.affordable.price_of(trial), share)

    def further(self, shares: Mapping[Trial, float]) -> float:
        """Return what some runs would cost beyond what was spent, in runs of `single`."""
        asked = [priced(one, self.affordable.price_of(one), share) for one, share in shares.items()]
        return total([*self.priced.values(), *asked]) / self.affordable.run - self.spent


class Search:
    """Halves the candidates until the last rung.

    Args:
        trials: runs them.
        spending: what was spent so far, to which this adds.
        expectation: of the candidates.
        outer: the fold of train that is test; 0: none is.

    Attributes:
        standings: of each candidate, `single` first.
        parting: of the target.
        spending: see above.
        expectation: see above.
        outer: see above.
    """

    def __init__(
        self, trials: Trials, spending: Spending, expectation: Expectation, outer: int = 0
    ) -> None:
        self._trials, self.spending, self.outer = trials, spending, outer
        self.expectation = expectation
        self.parting = trials.parting
        self.standings: dict[Candidate, Standing] = {}

    @property
    def hours(self) -> float:
        """The hours of training of all runs so far; a stage that several share counts once."""
        seconds: dict[str, float] = {}
        for trial in self.spending.priced:
            found = course(self.directory(trial))
            seconds |= {} if found is None else found.seconds
        return sum(seconds.values()) / 3600

    def seeds(self, number: int) -> list[int]:
        """Return the first seeds."""
        return [*range(self.parting.first, self.parting.first + number)]

    def trial(self, one: Candidate, seed: int, test: bool = False, whole: bool = False) -> Trial:
        """Return a trial of this search."""
        return Trial(one, seed, test=test, outer=self.outer, whole=whole)

    def go(self, others: Sequence[Candidate], ladder: Sequence[Rung]) -> Candidate | None:
        """Return the best candidate besides `single`; None where all failed.

        Raises:
            UserError: `single` failed.
            Stopped: a signal stopped the search.
        """
        alive = [*others]
        self.standings = {one: Standing(one) for one in (BASELINE, *others)}
        for place, rung in enumerate(ladder):
            alive = alive[: going_on(len(others), place)]
            self._climb([BASELINE, *alive], rung)
            alive = [one for one in alive if not self.standings[one].failed]
            # Of equal ones the first stays: the order is that in which they should help.
            alive.sort(key=lambda one: -self.standings[one].rungs[-1].expected)
            self._show(place, ladder)
        return alive[0] if alive else None

    def run(self, asked: Mapping[Trial, int | None]) -> dict[Trial, str]:
        """Run trials, and return why each that failed did."""
        return self._trials.run(asked)

    def directory(self, trial: Trial) -> Path:
        """Return the run directory of a trial."""
        return self._trials.job(trial).directory

    def _climb(self, candidates: Sequence[Candidate], rung: Rung) -> None:
        seeds = self.seeds(rung.seeds)
        asked = {
            self.trial(one, seed): rung.stop_after(self._epochs(one))
            for one in candidates
            for seed in seeds
        }
        failed = self.run(asked)
        for trial, why in failed.items():
            if trial.candidate == BASELINE:
                raise UserError(f"single failed, with which all else is compared: {why}")
            self.standings[trial.candidate].failed = why
        for trial in asked:
            if trial not in failed:
                self.spending.pay(trial, rung.share)
        base = 0.0
        for one in candidates:
            if self.standings[one].failed:
                continue
            epochs = rung.epochs(self._epochs(one))
            devel = [self._devel(self.trial(one, seed), epochs) for seed in seeds]
            f1 = sum(devel) / len(devel)
            base = f1 if one == BASELINE else base
            expected = 0.0
            if one != BASELINE:
                expected = self.expectation.in_rung(one, f1, base, rung.blur)
            self.standings[one].rungs.append(Reached(epochs, seeds, devel, f1 - base, expected))

    def _epochs(self, one: Candidate) -> int:
        return self.spending.affordable.price_of(self.trial(one, self.parting.first)).epochs

    def _devel(self, trial: Trial, epochs: int) -> float:
        found = course(self.directory(trial))
        if found is None:
            raise UserError(f"{self.directory(trial)}: the run is gone while the search runs")
        f1 = found.f1(epochs, self._trials.job(trial).config.selection)
        return 0.0 if f1 is None else f1

    def _show(self, place: int, ladder: Sequence[Rung]) -> None:
        """Print how the candidates stand, those that came farthest and are best first."""
        fold = f"fold {self.outer} of {self.parting.test} as test, " if self.outer else ""
        title = f"{fold}rung {place + 1} of {len(ladder)}: devel F1, %"
        columns = ("candidate", "rung", "epochs", "seeds", "F1", "gain", "expected")
        table = Table(*columns, title=title, box=None)
        order = sorted(self.standings.values(), key=_order)
        for one in order:
            if one.failed:
                table.add_row(Text(one.candidate.name), "failed", "", "", "", "", "")
            elif one.rungs:
                last = one.rungs[-1]
                gains = [points(last.gain), points(last.expected)]
                gains = ["", ""] if one.candidate == BASELINE else gains
                numbers = (str(len(one.rungs)), str(last.epochs), str(len(last.seeds)))
                table.add_row(Text(one.candidate.name), *numbers, percent(last.mean), *gains)
        console = Console(highlight=False, width=max(Console().width, 120))
        console.print(table)
        spent, left, hours = self.spending.spent, self.spending.left, self.hours
        took, takes = clock(3600 * hours), clock(3600 * hours * left / spent)
        console.print(
            f"spent {spent:.1f} runs of single, {took} of training; {left:.1f} are left, about "
            f"{takes}\n"
        )


def _order(one: Standing) -> tuple[float, float]:
    if not one.rungs:
        return (math.inf, 0.0)
    return (-len(one.rungs), -one.rungs[-1].expected)
