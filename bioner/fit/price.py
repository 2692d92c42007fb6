"""What runs cost, before they run: in updates, by the plans that they would train by."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from bioner.batches.passes import Cut
from bioner.batches.plan import make_plan
from bioner.config.identity import digest
from bioner.config.mixing import mixing_of, tasks_together
from bioner.config.parts import stage_part
from bioner.config.train import TrainConfig
from bioner.corpora.catalogue import Corpus
from bioner.corpora.raw_text import text_files, text_sentences
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
        digest([one.name, stage_part(config, one.group)]): _updates(one, config, corpora)
        for one in before
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
    if asked.taught:  # text is labelled, and each batch has one of it beside it
        steps *= 2
        scored_once = sum(_unlabelled(asked, config, corpora[one]) for one in asked.passes)
    else:
        scored_once = 0
    return steps + (scored_once + epochs * scored) * _SCORED / config.batch.sentences


def _unlabelled(asked: Asked, config: TrainConfig, corpus: Corpus) -> int:
    """Return about how many sentences a teacher labels."""
    if config.selftrain.text is not None:
        return _sentences_of(config.selftrain.text)
    size = asked.sizes[asked.roles[corpus.name]][0]
    return len(corpus.splits["train"].sentences) - _count(size, corpus, "train")


@cache
def _sentences_of(text: str) -> int:
    return sum(1 for _ in text_sentences(text_files("selftrain.text", text)))


def _steps(asked: Asked, config: TrainConfig, corpora: Mapping[str, Corpus]) -> tuple[int, int]:
    """Return the updates and the epochs of a stage."""
    sizes = {name: _trained_on(asked, name, corpora[name]) for name in asked.roles}
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


def _trained_on(asked: Asked, name: str, corpus: Corpus) -> int:
    """Return about how many sentences of a dataset a stage trains on."""
    role = asked.roles[name]
    train, devel = asked.sizes[role]
    more = _count(devel, corpus, "devel") if role in asked.devel_too else 0
    return _count(train, corpus, "train") + more


def _count(size: Size, corpus: Corpus, split: str) -> int:
    """Return about how many sentences a size takes of a split."""
    whole = len(corpus.splits[split].sentences)
    if size.asked is None:
        return whole
    asked = size.asked if isinstance(size.asked, int) else round(size.asked * whole)
    return max(1, min(whole, asked))
