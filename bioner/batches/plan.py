"""Which task each update draws, and which of its sentences: a pure function of the config."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bioner.batches.mixing import shares
from bioner.batches.passes import Cut, Passes, stream_for
from bioner.config.mixing import MixingConfig, Strategy
from bioner.errors import ConfigError

# Steps in one epoch. More is no training but a mistake in the mixing, and would fill the memory.
_LONGEST_EPOCH = 10**7

# Steps that are drawn at once; the draws are the same for any value.
_CHUNK = 4096

# First word of the spawn key of the streams here; `bioner.batches.passes` permutes with 1.
_DRAWS = 0


@dataclass(frozen=True)
class PlanRow:
    """What a plan does with one task, for printing.

    Attributes:
        task: its name.
        sentences: that it has.
        share: of all batches, 0 to 1, as the mixing says; the mean over the steps.
        expected: batches, `share` times the steps; `Plan.drawn` has what the seed gives.
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
        shares: of the batches that the mixing gives each task, the mean over the steps.
        order: for each epoch, the position in `tasks` that each step draws, int16 [steps].
        passes: the batches of each task.
    """

    sizes: Mapping[str, int]
    shares: Mapping[str, float]
    order: tuple[NDArray[np.int16], ...]
    passes: Mapping[str, Passes]

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
            drawn[epoch + 1] = drawn[epoch] + np.bincount(order, minlength=len(self.sizes))
        return drawn

    def drawn(self) -> dict[str, int]:
        """Return the number of batches of each task."""
        return dict(zip(self.sizes, self._drawn_before[-1].tolist(), strict=True))

    def describe(self) -> list[PlanRow]:
        """Return one row a task."""
        return [
            PlanRow(task, size, self.shares[task], self.shares[task] * self.steps)
            for task, size in self.sizes.items()
        ]

    def batches(self, epoch: int) -> Iterator[tuple[str, NDArray[np.int64]]]:
        """Yield the task and the sentences of each update of an epoch.

        A task goes through a new permutation of its sentences in each pass, so that none is seen
        again before all have been; the last batch of a pass may be smaller. A pass goes on from
        one epoch to the next. Earlier epochs need not be gone through.
        """
        places = {
            task: self.passes[task].find(int(done))
            for task, done in zip(self.sizes, self._drawn_before[epoch], strict=True)
        }
        tasks = self.tasks
        for position in self.order[epoch].tolist():
            task = tasks[position]
            number, place = places[task]
            batches = self.passes[task]
            yield task, batches.batches(number)[place]
            last = place + 1 == batches.count(number)
            places[task] = (number + 1, 0) if last else (number, place + 1)


def make_plan(
    config: MixingConfig,
    sizes: Mapping[str, int],
    targets: Sequence[str],
    cuts: Mapping[str, Cut],
    epochs: int | None,
    steps: int | None,
    seed: int,
) -> Plan:
    """Draw the task of every update.

    An epoch is one pass over the targets: it ends with the target batch that makes their number
    equal to the batches of all target sentences (of the passes with the epoch's number, where the
    cut is by tokens and passes differ). So every regime and every mixing gives the
    targets together the same number of updates in an epoch, whatever the auxiliaries get.

    With `epochs`, the mixing's progress is constant in an epoch, 0 in the first and 1 in the last
    (as in Stickland & Murray 2019, arXiv 1902.02671); with `steps` it grows with each step.

    Args:
        config: the mixing.
        sizes: sentences of each task that are trained on; their order matters.
        targets: the tasks that make an epoch, at least one.
        cuts: how a pass over each task is cut into batches.
        epochs: how many, or null where `steps` is given.
        steps: the number of updates, or null where `epochs` is given.
        seed: of all draws.

    Raises:
        ConfigError: if a value can't be used, or the targets get so small a share that an epoch
            would take more than ten million steps.
    """
    _check(cuts, epochs, steps, seed)
    draws = _Draws(config, sizes, epochs, steps, seed)
    is_target = np.isin(list(sizes), list(targets))
    passes = {t: Passes(size, cuts[t], seed, i) for i, (t, size) in enumerate(sizes.items())}
    _check_length(config, _updates(passes, targets, 0), draws.smallest_share(is_target))

    order: list[NDArray[np.int16]] = []
    progress, first = 0.0, 0
    while len(order) < epochs if epochs is not None else first < (steps or 0):
        updates = _updates(passes, targets, len(order))
        drawn = draws.epoch(len(order), first, is_target, updates)
        drawn = drawn if steps is None else drawn[: steps - first]
        progress += float(draws.progress(len(order), first, len(drawn)).sum())
        first += len(drawn)
        order.append(drawn)
    mean = shares(config, sizes, progress / first)
    return Plan(dict(sizes), mean, tuple(order), passes)


def _updates(passes: Mapping[str, Passes], targets: Sequence[str], epoch: int) -> int:
    """Return the target batches of an epoch."""
    return sum(batches.count(epoch) for task, batches in passes.items() if task in targets)


class _Draws:
    """The draws of tasks, epoch by epoch."""

    def __init__(
        self,
        config: MixingConfig,
        sizes: Mapping[str, int],
        epochs: int | None,
        steps: int | None,
        seed: int,
    ) -> None:
        # Shares are linear in the progress, so the two ends say all.
        self._start, self._end = (
            np.array(list(shares(config, sizes, progress).values())) for progress in (0.0, 1.0)
        )
        self._cyclic = config.strategy is Strategy.round_robin
        self._epochs, self._steps, self._seed = epochs, steps, seed

    def smallest_share(self, is_target: NDArray[np.bool_]) -> float:
        """Return the smallest share that the targets ever get together."""
        return float(min(self._start[is_target].sum(), self._end[is_target].sum()))

    def progress(self, epoch: int, first: int, steps: int) -> NDArray[np.float64]:
        """Return the mixing's progress at steps of an epoch, of which `first` is the first."""
        if self._steps is None:
            return np.full(steps, epoch / max((self._epochs or 0) - 1, 1))
        return np.minimum(np.arange(first, first + steps) / max(self._steps - 1, 1), 1.0)

    def epoch(
        self, epoch: int, first: int, is_target: NDArray[np.bool_], updates: int
    ) -> NDArray[np.int16]:
        """Return task positions up to the epoch's last target batch, [steps of the epoch]."""
        stream = stream_for(self._seed, _DRAWS, epoch)
        parts: list[NDArray[np.int16]] = []
        while updates > 0:
            part = self._draw(stream.random(_CHUNK), self.progress(epoch, first, _CHUNK), first)
            hits = np.cumsum(is_target[part])
            parts.append(part[: np.searchsorted(hits, updates) + 1])
            updates -= int(hits[-1])
            first += _CHUNK
        return np.concatenate(parts)

    def _draw(
        self, uniform: NDArray[np.float64], progress: NDArray[np.float64], first: int
    ) -> NDArray[np.int16]:
        """Return the task positions of consecutive steps, of which `first` is the first."""
        if self._cyclic:
            return ((first + np.arange(len(uniform))) % len(self._start)).astype(np.int16)
        start, end = np.cumsum(self._start)[:-1], np.cumsum(self._end)[:-1]
        borders = start + progress[:, None] * (end - start)
        return (uniform[:, None] >= borders).sum(axis=1, dtype=np.int16)


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
