"""Which tasks each update draws, and which of their sentences: a pure function of the config."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from bioner.batches.draws import RisingDraws, TaskDraws
from bioner.batches.mixing import shares
from bioner.batches.passes import Cut, Passes
from bioner.config.mixing import Epoch, MixingConfig, Strategy
from bioner.errors import ConfigError

# Steps in one epoch. More is no training but a mistake in the mixing, and would fill the memory.
_LONGEST_EPOCH = 10**7


# A task, and the sentences of its next batch.
Drawn = tuple[str, NDArray[np.int64]]


@dataclass(frozen=True)
class PlanRow:
    """What a plan does with one task, for printing.

    Attributes:
        task: its name.
        sentences: that it has.
        share: of all batches, 0 to 1, see `Plan.shares`.
        expected: batches, `share` of them all; `Plan.drawn` has what the seed gives.
    """

    task: str
    sentences: int
    share: float
    expected: float


@dataclass(frozen=True)
class Plan:
    """All updates of a stage. A position in training is an epoch and a step in it.

    Attributes:
        sizes: sentences of each task.
        shares: of the batches that the mixing gives each task, the mean over the steps; with
            several tasks in an update, or a share that rises with the targets' updates, those
            that were drawn.
        order: for each epoch, the positions in `tasks` that each step draws, all different,
            int16 [steps, tasks of an update]; where updates are mixed the position of each of
            their sentences, sorted, int16 [steps, sentences of an update].
        passes: the batches of each task; of one sentence where updates are mixed.
        mixed: whether the sentences of an update are of several tasks.
    """

    sizes: Mapping[str, int]
    shares: Mapping[str, float]
    order: tuple[NDArray[np.int16], ...]
    passes: Mapping[str, Passes]
    mixed: bool = False

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks, in the order of their positions."""
        return tuple(self.sizes)

    @property
    def epochs(self) -> int:
        """The number of epochs; where `steps` was given, the last may be cut short."""
        return len(self.order)

    @property
    def steps(self) -> int:
        """The number of updates."""
        return sum(map(len, self.order))

    def epoch_steps(self, epoch: int) -> int:
        """Return the number of updates of an epoch."""
        return len(self.order[epoch])

    @cached_property
    def _drawn_before(self) -> NDArray[np.int64]:
        """The batches of each task before each epoch, and in all, [epochs + 1, tasks]."""
        drawn = np.zeros((self.epochs + 1, len(self.sizes)), dtype=np.int64)
        for epoch, order in enumerate(self.order):
            drawn[epoch + 1] = drawn[epoch] + self._count(order)
        return drawn

    def _count(self, order: NDArray[np.int16]) -> NDArray[np.int64]:
        """Return the batches of each task in some steps, [tasks]."""
        return np.bincount(order.ravel(), minlength=len(self.sizes))

    def drawn(self, epochs: int | None = None) -> dict[str, int]:
        """Return the number of batches of each task, in the first so many epochs or in all."""
        counts = self._drawn_before[self.epochs if epochs is None else epochs]
        return dict(zip(self.sizes, counts.tolist(), strict=True))

    def done(self, epoch: int, start: int) -> dict[str, int]:
        """Return the batches of each task before an update of an epoch."""
        counts = self._drawn_before[epoch] + self._count(self.order[epoch][:start])
        return dict(zip(self.sizes, counts.tolist(), strict=True))

    def describe(self) -> list[PlanRow]:
        """Return one row a task."""
        batches = sum(order.size for order in self.order)
        return [
            PlanRow(task, size, self.shares[task], self.shares[task] * batches)
            for task, size in self.sizes.items()
        ]

    def updates(self, epoch: int, start: int = 0) -> Iterator[tuple[Drawn, ...]]:
        """Yield each update of an epoch: its tasks, and of each the sentences of a batch.

        A task goes through a new permutation of its sentences in each pass, so that none is seen
        again before all have been; the last batch of a pass may be smaller. A pass goes on from
        one epoch to the next. Earlier epochs and steps need not be gone through.

        Args:
            epoch: its number, from 0.
            start: the updates of the epoch that are left out, its first ones.
        """
        done = self.done(epoch, start)
        batches = [_following(self.passes[task], number) for task, number in done.items()]
        tasks = self.tasks
        for positions in self.order[epoch][start:].tolist():
            yield tuple(
                (tasks[position], np.concatenate([next(batches[position]) for _ in same]))
                for position, same in groupby(positions)
            )


def _following(passes: Passes, done: int) -> Iterator[NDArray[np.int64]]:
    """Yield the sentences of a task's batches, pass after pass, without the first so many."""
    number, place = passes.find(done)
    while True:
        yield passes.batches(number)[place]
        last = place + 1 == passes.count(number)
        number, place = (number + 1, 0) if last else (number, place + 1)


def make_plan(
    config: MixingConfig,
    sizes: Mapping[str, int],
    targets: Sequence[str],
    cuts: Mapping[str, Cut],
    epochs: int | None,
    steps: int | None,
    seed: int,
    together: int = 1,
    mixed: int | None = None,
) -> Plan:
    """Draw the tasks of every update.

    An epoch is one pass over the targets: it ends with the update whose target batch makes their
    number equal to the batches of all target sentences (of the passes with the epoch's number,
    where the cut is by tokens and passes differ). So with one task in an update every regime and
    every mixing gives the targets together the same number of updates in an epoch, whatever the
    auxiliaries get. With `mixing.epoch=largest` it is a pass over the largest task instead.

    With `to_targets` and `epochs` the targets' share rises with their updates. Otherwise, with
    `epochs`, the mixing's progress is constant in an epoch, 0 in the first and 1 in the last
    (as in Stickland & Murray 2019, arXiv 1902.02671); with `steps` it grows with each step.

    Args:
        config: the mixing.
        sizes: sentences of each task that are trained on; their order matters.
        targets: the tasks that make an epoch, at least one.
        cuts: how a pass over each task is cut into batches.
        epochs: how many, or null where `steps` is given.
        steps: the number of updates, or null where `epochs` is given.
        seed: of all draws.
        together: different tasks in one update, at most as many as there are.
        mixed: sentences of an update that its tasks share, each of a task that the mixing draws
            for it; None: each task has a batch of its own. An epoch then ends with the update
            that has the last of the target sentences, and `cuts` are not read.

    Raises:
        ConfigError: if a value can't be used, or the targets get so small a share that an epoch
            would take more than ten million steps.
    """
    if mixed is not None:
        cuts = dict.fromkeys(sizes, Cut(1))
    _check(cuts, epochs, steps, seed)
    if not 1 <= together <= len(sizes):
        legal = f"1 to {len(sizes)}, the tasks that train together"
        raise ConfigError("mixing.tasks_per_update", f"{together}", legal)
    # What an epoch is a pass over.
    counted = [max(sizes, key=sizes.__getitem__)] if config.epoch is Epoch.largest else targets
    is_target = np.isin(list(sizes), list(counted))
    passes = {t: Passes(size, cuts[t], seed, i) for i, (t, size) in enumerate(sizes.items())}
    draws = TaskDraws(config, sizes, epochs, steps, seed, together, targets, mixed)
    rising = config.strategy is Strategy.to_targets and together == 1 and not is_target.all()
    if rising and epochs is not None:
        total = sum(_updates(passes, counted, epoch) for epoch in range(epochs))
        draws = RisingDraws(config, sizes, epochs, seed, targets, total)
    updates = _updates(passes, counted, 0) // (mixed or 1)
    _check_length(config, updates, draws.smallest_share(is_target))

    order: list[NDArray[np.int16]] = []
    progress, first = 0.0, 0
    while len(order) < epochs if epochs is not None else first < (steps or 0):
        updates = _updates(passes, counted, len(order))
        drawn = draws.epoch(len(order), first, is_target, updates)
        drawn = drawn if steps is None else drawn[: steps - first]
        progress += float(draws.progress(len(order), first, len(drawn)).sum())
        first += len(drawn)
        order.append(drawn)
    mean = shares(config, sizes, progress / first, targets)
    plan = Plan(dict(sizes), mean, tuple(order), passes, mixed is not None)
    if together == 1 and not isinstance(draws, RisingDraws):
        return plan
    batches = plan.drawn()
    drawn_each = first * (mixed or together)
    return replace(plan, shares={t: n / drawn_each for t, n in batches.items()})


def _updates(passes: Mapping[str, Passes], counted: Sequence[str], epoch: int) -> int:
    """Return the batches that a pass over some tasks has in an epoch."""
    return sum(batches.count(epoch) for task, batches in passes.items() if task in counted)


def _check(cuts: Mapping[str, Cut], epochs: int | None, steps: int | None, seed: int) -> None:
    """Raise a ConfigError for the first number that can't be used."""
    if (epochs is None) == (steps is None):
        raise ConfigError("epochs", f"it is {epochs} and steps is {steps}", "give exactly one")
    for key, value, least in (
        ("batch.sentences", min(cut.sentences for cut in cuts.values()), 1),
        (
            "batch.tokens",
            min((c.tokens for c in cuts.values() if c.tokens is not None), default=1),
            1,
        ),
        ("epochs", epochs, 1),
        ("steps", steps, 1),
        ("seed", seed, 0),
    ):
        if value is not None and value < least:
            raise ConfigError(key, f"{value}", f"at least {least}")


def _check_length(config: MixingConfig, updates: int, share: float) -> None:
    """Raise a ConfigError if an epoch would take far more steps than a training has."""
    if updates > share * _LONGEST_EPOCH:
        raise ConfigError(
            "mixing.strategy",
            f"{config.strategy.value} gives the targets {share:.2g} of the batches, too little for"
            f" an epoch of {updates} target batches",
            f"mixing that lets an epoch end within {_LONGEST_EPOCH} steps",
        )
