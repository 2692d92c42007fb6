"""The learning curve of a plan, and what further labels are likely to give."""

import math
from dataclasses import dataclass
from pathlib import Path

from bioner.config.fit import FitConfig
from bioner.fit.candidates import Candidate
from bioner.fit.search import Search
from bioner.fit.trial import Trial
from bioner.report.one_gain import gain_of
from bioner.runs.record_file import read_record

_PARTS = (0.25, 0.5)
_SEEDS = 2
# Labels that a user may think of adding.
MORE = 100


@dataclass
class Point:
    """Devel F1 of a plan with a part of the labels.

    Attributes:
        share: of the labelled sentences.
        sentences: of the target, that were trained on.
        devel: F1 of each seed.
    """

    share: float
    sentences: int
    devel: list[float]


@dataclass
class Curve:
    """The learning curve.

    Attributes:
        plan: whose it is: what is taken, without its self-training, whose text without labels is
            longer where labels are fewer.
        points: by size.
        more: sentences that may be added.
        gain: F1 that they are likely to give: what the last doubling gave, times the doublings
            that they are.
        low: of its 95 % interval.
        high: likewise.
    """

    plan: str
    points: list[Point]
    more: int
    gain: float
    low: float
    high: float


def smaller(size: int | float | None, share: float) -> int | float:
    """Return the train size of a part of what another takes."""
    if isinstance(size, int):
        return max(1, round(share * size))
    return share * (1.0 if size is None else size)


class LearningCurve:
    """Makes the curve with the updates of the whole training at each size.

    So a smaller size is not trained for less, which would make labels look more worth than they
    are.

    Args:
        config: of the search.
        search: that found the plan.
        plan: whose it is.
        updates: of its last stage.
    """

    def __init__(self, config: FitConfig, search: Search, plan: Candidate, updates: int) -> None:
        self._config, self._search, self._plan = config, search, plan
        self._seeds = search.seeds(min(_SEEDS, config.seeds))
        self._updates = updates
        self._steps = ("finetune.epochs=null", f"finetune.steps={updates}")

    def trials(self, share: float) -> list[Trial]:
        """Return the runs of one size."""
        if share == 1:
            return [Trial(self._plan, seed) for seed in self._seeds]
        size = f"finetune.train_size={smaller(self._config.finetune.train_size, share)}"
        return [Trial(self._plan, seed, (size, *self._steps)) for seed in self._seeds]

    def shares(self) -> dict[Trial, float]:
        """Return its runs with the share of a whole last stage that each costs."""
        return {one: self._share(part) for part in (*_PARTS, 1.0) for one in self.trials(part)}

    def _share(self, part: float) -> float:
        """Return what a run of a part of the labels costs: epochs are shorter, so more of them."""
        whole = self._search.spending.affordable.price_of(self.trials(1.0)[0]).last
        return (self._updates + (whole - self._updates) / part) / whole

    def make(self) -> Curve | None:
        """Run what is missing, and return the curve; None where a run of it failed."""
        shares = self.shares()
        for one, share in shares.items():
            self._search.spending.pay(one, share)
        if self._search.run(dict.fromkeys(shares)):
            return None
        found = [self._point(share) for share in (*_PARTS, 1.0)]
        full, half = (self._directories(share) for share in (1.0, _PARTS[-1]))
        parting = self._search.parting
        texts = [parting.fold(one) for one in self.trials(1.0)]
        doubling = gain_of(full, half, self._config.target, "devel", self._config.seed, texts)
        sentences = found[-1].sentences / parting.trained
        times = math.log2((sentences + MORE) / sentences)
        last, low, high = doubling.gain, doubling.low, doubling.high
        return Curve(self._plan.name, found, MORE, times * last, times * low, times * high)

    def _directories(self, share: float) -> list[Path]:
        return [self._search.directory(one) for one in self.trials(share)]

    def _point(self, share: float) -> Point:
        records = [read_record(directory) for directory in self._directories(share)]
        target = self._config.target
        devel = [record.best[target].f1 or 0.0 for record in records]
        return Point(share, records[0].task(target).train_sentences, devel)
