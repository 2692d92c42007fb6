"""Successive halving: how far each rung goes, who goes on, and how many candidates can be paid.

Jamieson & Talwalkar 2016, "Non-stochastic best arm identification and hyperparameter optimization"
(arXiv 1502.07943): all candidates get a part of the budget, the better half of them more. Runs go
on from their checkpoints, so that a rung costs what it adds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil

from bioner.config.train import TrainConfig
from bioner.corpora.catalogue import Corpus
from bioner.errors import ConfigError
from bioner.fit.candidates import BASELINE, Candidate
from bioner.fit.price import Price, Priced, price, total

# Of a run's last stage, with so many seeds; the last rung has all seeds.
_SHARES = ((0.2, 1), (0.5, 2))


@dataclass(frozen=True)
class Rung:
    """How far a candidate goes.

    Attributes:
        share: of the epochs of its last stage.
        seeds: with which it is trained.
    """

    share: float
    seeds: int

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
        configs: of each candidate, `single` among them.
        corpora: of all of them.
        ladder: the rungs.
    """

    def __init__(
        self,
        configs: Mapping[Candidate, TrainConfig],
        corpora: Mapping[str, Corpus],
        ladder: Sequence[Rung],
    ) -> None:
        first = next(iter(configs.values())).seed
        self._ladder = ladder
        self.prices: dict[tuple[Candidate, int], Price] = {
            (one, seed): price(replace(config, seed=seed), corpora)
            for one, config in configs.items()
            for seed in range(first, first + ladder[-1].seeds)
        }
        self._first = first
        self.run = self.prices[BASELINE, first].last

    def most(self, others: Sequence[Candidate]) -> float:
        """Return the most that these candidates can cost, in runs of `single`.

        That is with the dearest of them in every rung, and `single` in all.
        """
        dearest = sorted(others, key=self._whole, reverse=True)
        runs = [*self._reached(BASELINE, self._ladder[-1])]
        for place, rung in enumerate(self._ladder):
            for one in dearest[: going_on(len(others), place)]:
                runs += self._reached(one, rung)
        return total(runs) / self.run

    def choose(self, others: Sequence[Candidate], budget: float) -> list[Candidate]:
        """Return those that the budget pays for, the first ones first.

        Raises:
            ConfigError: it does not pay for `single` and one other.
        """
        found: list[Candidate] = []
        for one in others:
            if self.most([*found, one]) <= budget:
                found.append(one)
        if not found:
            least = min(self.most([one]) for one in others)
            says = f"is {budget:.1f} runs of single, and single and one other candidate take"
            legal = "a larger budget, fewer seeds, or a smaller pretrain_updates"
            raise ConfigError("budget", f"{says} {least:.1f}", legal)
        return found

    def _whole(self, one: Candidate) -> float:
        return total(self._reached(one, Rung(1.0, 1)))

    def _reached(self, one: Candidate, rung: Rung) -> list[Priced]:
        return [
            Priced(f"{one.name} {seed}", self.prices[one, seed], rung.share)
            for seed in range(self._first, self._first + rung.seeds)
        ]
