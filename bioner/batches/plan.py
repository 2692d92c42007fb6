"""Which task each update draws, and which of its sentences: a pure function of the config."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bioner.batches.mixing import shares
from bioner.config import MixingConfig, Strategy
from bioner.errors import ConfigError

# Steps in one epoch. More is no training but a mistake in the mixing, and would fill the memory.
_LONGEST_EPOCH = 10**7

# Steps that are drawn at once; the draws are the same for any value.
_CHUNK = 4096

# First word of the spawn key of a random stream: what the stream is for.
_DRAWS, _PERMUTATION = 0, 1


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
        batch_sentences: sentences in a batch.
        seed: of the permutations.
    """

    sizes: Mapping[str, int]
    shares: Mapping[str, float]
    order: tuple[NDArray[np.int16], ...]
    batch_sentences: int
    seed: int

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
        tasks = self.tasks
        done = self._drawn_before[epoch].copy()
        passes: dict[int, tuple[int, NDArray[np.int64]]] = {}
        for position in self.order[epoch].tolist():
            size = self.sizes[tasks[position]]
            number, batch = divmod(int(done[position]), -(-size // self.batch_sentences))
            if passes.get(position, (None,))[0] != number:
                stream = _stream(self.seed, _PERMUTATION, position, number)
                passes[position] = number, stream.permutation(size)
            start = batch * self.batch_sentences
            yield tasks[position], passes[position][1][start : start + self.batch_sentences]
            done[position] += 1


def make_plan(
    config: MixingConfig,
    sizes: Mapping[str, int],
    targets: Sequence[str],
    batch_sentences: int,
    epochs: int | None,
    steps: int | None,
    seed: int,
) -> Plan:
    """Draw the task of every update.

    An epoch is one pass over the targets: it ends with the target batch that makes their number
    equal to the batches of all target sentences. So every regime and every mixing gives the
    targets together the same number of updates in an epoch, whatever the auxiliaries get.

    With `epochs`, the mixing's progress is constant in an epoch, 0 in the first and 1 in the last
    (as in Stickland & Murray 2019, arXiv 1902.02671); with `steps` it grows with each step.

    Args:
        config: the mixing.
        sizes: sentences of each task that are trained on; their order matters.
        targets: the tasks that make an epoch, at least one.
        batch_sentences: sentences in a batch.
        epochs: how many, or null where `steps` is given.
        steps: the number of updates, or null where `epochs` is given.
        seed: of all draws.

    Raises:
        ConfigError: if a value can't be used, or the targets get so small a share that an epoch
            would take more than ten million steps.
    """
    _check(batch_sentences, epochs, steps, seed)
    draws = _Draws(config, sizes, epochs, steps, seed)
    is_target = np.isin(list(sizes), list(targets))
    updates = sum(-(-sizes[task] // batch_sentences) for task in sizes if task in targets)
    _check_length(config, updates, draws.smallest_share(is_target))

    order: list[NDArray[np.int16]] = []
    progress, first = 0.0, 0
    while len(order) < epochs if epochs is not None else first < (steps or 0):
        drawn = draws.epoch(len(order), first, is_target, updates)
        drawn = drawn if steps is None else drawn[: steps - first]
        progress += float(draws.progress(len(order), first, len(drawn)).sum())
        first += len(drawn)
        order.append(drawn)
    mean = shares(config, sizes, progress / first)
    return Plan(dict(sizes), mean, tuple(order), batch_sentences, seed)


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
        stream = _stream(self._seed, _DRAWS, epoch)
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


def _stream(seed: int, *purpose: int) -> np.random.Generator:
    """Return the random stream for one purpose; streams of different purposes are independent."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=purpose)))


def _check(batch_sentences: int, epochs: int | None, steps: int | None, seed: int) -> None:
    """Raise a ConfigError for the first number that can't be used."""
    if (epochs is None) == (steps is None):
        raise ConfigError("epochs", f"it is {epochs} and steps is {steps}", "give exactly one")
    for key, value, least in (
        ("batch.sentences", batch_sentences, 1),
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
