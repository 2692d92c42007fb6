"""What runs cost, before they run: in updates, by the plans that they would train by."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bioner.batches.passes import Cut
from bioner.batches.plan import make_plan
from bioner.config.identity import digest
from bioner.config.mixing import mixing_of, tasks_together
from bioner.config.parts import stage_part
from bioner.config.train import TrainConfig
from bioner.corpora.catalogue import Corpus
from bioner.train.stage_kinds import Asked, Size, asked_stages

# A sentence that is scored costs the forward pass of one that is trained on: a third.
_SCORED = 1 / 3


@dataclass(frozen=True)
class Price:
    """What one run costs, in updates.

    Attributes:
        earlier: of each stage before the last, by what it shares with those of other runs.
        last: of the whole last stage.
        epochs: of the last stage.
    """

    earlier: Mapping[str, float]
    last: float
    epochs: int


@dataclass(frozen=True)
class Priced:
    """A run, as far as it is to go.

    Attributes:
        run: its name.
        price: of the whole.
        share: of its last stage.
    """

    run: str
    price: Price
    share: float


def price(config: TrainConfig, corpora: Mapping[str, Corpus]) -> Price:
    """Return what a run costs.

    Args:
        config: of the run.
        corpora: its datasets.
    """
    *before, last = asked_stages(config)
    earlier = {
        digest(stage_part(config, one.name)): _updates(one, config, corpora) for one in before
    }
    return Price(earlier, _updates(last, config, corpora), _steps(last, config, corpora)[1])


def updates(config: TrainConfig, corpora: Mapping[str, Corpus]) -> int:
    """Return the updates of a run's last stage alone."""
    return _steps(asked_stages(config)[-1], config, corpora)[0]


def total(runs: Iterable[Priced]) -> float:
    """Return what some runs cost together: a stage that several begin with is trained once."""
    earlier: dict[str, float] = {}
    last: dict[str, float] = {}
    for one in runs:
        earlier |= one.price.earlier
        last[one.run] = max(last.get(one.run, 0.0), one.price.last * one.share)
    return sum(earlier.values()) + sum(last.values())


def _updates(asked: Asked, config: TrainConfig, corpora: Mapping[str, Corpus]) -> float:
    steps, epochs = _steps(asked, config, corpora)
    scored = sum(
        _count(asked.sizes[asked.roles[name]][1], corpora[name], "devel")
        for group in asked.groups.values()
        for name in group
    )
    return steps + epochs * scored * _SCORED / config.batch.sentences


def _steps(asked: Asked, config: TrainConfig, corpora: Mapping[str, Corpus]) -> tuple[int, int]:
    """Return the updates and the epochs of a stage."""
    sizes = {
        name: _count(asked.sizes[role][0], corpora[name], "train")
        for name, role in asked.roles.items()
    }
    plan = make_plan(
        mixing_of(config.mixing, asked.roles),
        sizes,
        asked.passes,
        dict.fromkeys(sizes, Cut(config.batch.sentences)),
        asked.epochs,
        asked.steps,
        config.seed,
        tasks_together(config.mixing, len(sizes)),
        config.batch.mixed(len(sizes)),
    )
    return plan.steps, plan.epochs


def _count(size: Size, corpus: Corpus, split: str) -> int:
    """Return about how many sentences a size takes of a split."""
    whole = len(corpus.splits[split].sentences)
    if size.asked is None:
        return whole
    asked = size.asked if isinstance(size.asked, int) else round(size.asked * whole)
    return max(1, min(whole, asked))
