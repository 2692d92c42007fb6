"""Successive halving: how far each rung goes, who goes on, and how many candidates can be paid.

Jamieson & Talwalkar 2016, "Non-stochastic best arm identification and hyperparameter optimization"
(arXiv 1502.07943): all candidates get a part of the budget, the better half of them more. Runs go
on from their checkpoints, so that a rung costs what it adds.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from math import ceil

from bioner.errors import ConfigError
from bioner.fit.candidates import BASELINE, Candidate
from bioner.fit.parting import Parting
from bioner.fit.price import Price, Priced, total
from bioner.fit.trial import Trial

# Of a run's last stage, with so many seeds; the last rung has all seeds.
_SHARES = ((0.2, 1), (0.5, 2))
# How many standard errors of devel F1 a gain on devel is from the one on test, after such shares
# (experiments/fit).
_BLUR = {0.2: 2.5, 0.5: 1.7, 1.0: 1.1}


@dataclass(frozen=True)
class Rung:
    """How far a candidate goes.

    Attributes:
        share: of the epochs of its last stage.
        seeds: with which it is trained.
    """

    share: float
    seeds: int

    @property
    def blur(self) -> float:
        """How many standard errors of devel F1 a gain in it is from the gain on test."""
        return _BLUR[self.share]

    def epochs(self, whole: int) -> int:
        """Return after how many of a run's epochs the rung ends."""
        return ceil(self.share * whole)

    def stop_after(self, whole: int) -> int | None:
        """Return where a run of so many epochs stops; None where the rung is its end."""
        epochs = self.epochs(whole)
        return None if epochs == whole else epochs


def rungs(epochs: int, seeds: int) -> list[Rung]:
    """Return the rungs; of those that end after the same epoch, the one with more seeds.

    Args:
        epochs: of a whole run of `single`.
        seeds: of the last rung.
    """
    every = [Rung(share, min(number, seeds)) for share, number in _SHARES] + [Rung(1.0, seeds)]
    return [*{one.epochs(epochs): one for one in every}.values()]


def going_on(count: int, rung: int) -> int:
    """Return how many of so many candidates, besides `single`, enter a rung, counted from 0."""
    return ceil(count / 2**rung)


class Affordable:
    """Finds the candidates that a budget pays for.

    Args:
        price_of: what a trial costs.
        ladder: the rungs.
        parting: of the target, which says how many searches there are and what is trained last.
    """

    def __init__(
        self, price_of: Callable[[Trial], Price], ladder: Sequence[Rung], parting: Parting
    ) -> None:
        self.price_of, self._ladder, self._parting = price_of, ladder, parting
        self.run = price_of(Trial(BASELINE, parting.first)).last

    def most(
        self, others: Sequence[Candidate], outer: int = 0, paid: Iterable[Priced] = ()
    ) -> float:
        """Return the most that these candidates can cost, in runs of `single`.

        That is with the dearest of them in every rung, and `single` in all, in every search that is
        still to come.

        Args:
            others: the candidates.
            outer: the first of these searches.
            paid: what was run already.
        """
        dearest = sorted(others, key=self._whole, reverse=True)
        runs = [*paid]
        for search in range(outer, 1 + self._parting.test):
            runs += self._reached(BASELINE, self._ladder[-1], search)
            for place, rung in enumerate(self._ladder):
                for one in dearest[: going_on(len(others), place)]:
                    runs += self._reached(one, rung, search)
            runs += self._finals(BASELINE, dearest[0], search)
        return total(runs) / self.run

    def choose(
        self,
        others: Sequence[Candidate],
        budget: float,
        outer: int = 0,
        paid: Sequence[Priced] = (),
    ) -> list[Candidate]:
        """Return those that the budget pays for, the first ones first.

        Args:
            others: the candidates.
            budget: in runs of `single`, of all searches.
            outer: the search, which has the same budget as all that follow.
            paid: what was run before it.

        Raises:
            ConfigError: it does not pay for `single` and one other, or there is no other.
        """
        if not others:
            raise ConfigError("sources", "is [], and all else is given: nothing is left to choose")
        found: list[Candidate] = []
        for one in others:
            if self.most([*found, one], outer, paid) <= budget:
                found.append(one)
        if not found:
            least = min(self.most([one], outer, paid) for one in others)
            says = f"is {budget:.1f} runs of single, and single and one other candidate"
            legal = "a larger budget, fewer seeds, or a smaller pretrain_updates"
            if self._parting.test:
                many = f"in the search and those of {self._parting.test} folds that are test"
                says, legal = f"{says} {many}", f"{legal}; test_folds=0 expects no F1"
            raise ConfigError("budget", f"{says} take {least:.1f}", legal)
        return found

    def _whole(self, one: Candidate) -> float:
        return total(self._reached(one, Rung(1.0, 1), 0))

    def _reached(self, one: Candidate, rung: Rung, outer: int) -> list[Priced]:
        first = self._parting.first
        trials = (Trial(one, seed, outer=outer) for seed in range(first, first + rung.seeds))
        return [priced(trial, self.price_of(trial), rung.share) for trial in trials]

    def _finals(self, single: Candidate, other: Candidate, outer: int) -> list[Priced]:
        """Return what is trained on everything once all is chosen, where the target has no devel.

        `single` is trained so too where there is a test to compare it on.
        """
        if not self._parting.devel:
            return []
        tested = self._parting.is_tested(outer)
        first, many = self._parting.first, self._parting.finals(outer, self._ladder[-1].seeds)
        trials = [
            Trial(one, seed, outer=outer, whole=True)
            for one in ((other, single) if tested else (other,))
            for seed in range(first, first + many)
        ]
        return [priced(trial, self.price_of(trial), 1.0) for trial in trials]


def priced(trial: Trial, price: Price, share: float) -> Priced:
    """Return a trial with what it costs; scoring test is another run of the same training."""
    return Priced(repr(replace(trial, test=False)), price, share)
