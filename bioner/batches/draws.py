"""The draws of the tasks of each update, epoch by epoch: the same for the same seed."""

from collections.abc import Collection, Mapping

import numpy as np
from numpy.typing import NDArray

from bioner.batches.mixing import shares
from bioner.batches.passes import stream_for
from bioner.batches.rising import auxiliary_updates
from bioner.config.mixing import MixingConfig, Strategy

# Steps that are drawn at once; the draws are the same for any value.
_CHUNK = 4096

# First word of the spawn key of the streams here; `bioner.batches.passes` permutes with 1. The
# third word counts the tasks of an update, from 1; the first task's stream has none.
_DRAWS = 0
# The same of the tasks of an update's sentences.
_SENTENCES = 3


class TaskDraws:
    """Draws tasks by the shares that the mixing gives them.

    Args:
        config: the mixing.
        sizes: sentences of each task; their order matters.
        epochs: how many, or None where `steps` is given.
        steps: the number of updates, or None where `epochs` is given.
        seed: of all draws.
        together: tasks of one update, all different.
        targets: those of the tasks that are targets.
        mixed: sentences of an update which its tasks share, each of one of them by the mixing's
            shares; None: each task of an update has a batch of its own.
    """

    def __init__(
        self,
        config: MixingConfig,
        sizes: Mapping[str, int],
        epochs: int | None,
        steps: int | None,
        seed: int,
        together: int,
        targets: Collection[str],
        mixed: int | None = None,
    ) -> None:
        # Shares are linear in the progress, so the two ends say all.
        self._start, self._end = (
            np.array(list(shares(config, sizes, progress, targets).values()))
            for progress in (0.0, 1.0)
        )
        self._cyclic = config.strategy is Strategy.round_robin
        self._epochs, self._steps, self._seed = epochs, steps, seed
        self._together, self._mixed = together, mixed

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
        """Return the tasks of each step up to the one with the epoch's last target batch.

        Args:
            epoch: its number, from 0.
            first: the number of its first step in the stage.
            is_target: for each task, [tasks].
            updates: target batches of the epoch, or target sentences where updates are mixed.

        Returns:
            Positions of tasks, int16 [steps, tasks of an update], or sorted [steps, sentences of
            an update].
        """
        streams = [stream_for(self._seed, _DRAWS, epoch)]
        streams += [stream_for(self._seed, _DRAWS, epoch, i) for i in range(1, self._together)]
        of_sentences = stream_for(self._seed, _SENTENCES, epoch)
        parts: list[NDArray[np.int16]] = []
        while updates > 0:
            uniform = np.stack([stream.random(_CHUNK) for stream in streams], axis=1)
            progress = self.progress(epoch, first, _CHUNK)
            part = self._draw(uniform, progress, first)
            if self._mixed is not None:
                part = self._mix(part, progress, of_sentences.random((_CHUNK, self._mixed)))
            hits = np.cumsum(is_target[part].sum(axis=1))
            parts.append(part[: np.searchsorted(hits, updates) + 1])
            updates -= int(hits[-1])
            first += _CHUNK
        return np.concatenate(parts)

    def _draw(
        self, uniform: NDArray[np.float64], progress: NDArray[np.float64], first: int
    ) -> NDArray[np.int16]:
        """Return the tasks of consecutive steps, int16 [steps, tasks of an update].

        Args:
            uniform: random numbers in [0, 1), [steps, tasks of an update].
            progress: of the mixing, [steps].
            first: the number of the first step.
        """
        steps, together = uniform.shape
        if self._cyclic:
            numbers = first * together + np.arange(steps * together)
            return (numbers % len(self._start)).astype(np.int16).reshape(steps, together)
        start, end = np.cumsum(self._start)[:-1], np.cumsum(self._end)[:-1]
        borders = start + progress[:, None] * (end - start)
        drawn = np.empty((steps, together), dtype=np.int16)
        drawn[:, 0] = (uniform[:, :1] >= borders).sum(axis=1)
        left = self._start + progress[:, None] * (self._end - self._start)
        free = np.ones_like(left)
        for i in range(1, together):
            for one in (left, free):
                np.put_along_axis(one, drawn[:, i - 1, None].astype(np.int64), 0.0, axis=1)
            # Where those that are left have no share, as at the end of `to_targets`: all equally.
            some = left.any(axis=1, keepdims=True)
            drawn[:, i] = _by_share(np.where(some, left, free), uniform[:, i])
        return drawn

    def _mix(
        self, tasks: NDArray[np.int16], progress: NDArray[np.float64], uniform: NDArray[np.float64]
    ) -> NDArray[np.int16]:
        """Return the task of each sentence of consecutive steps, int16 [steps, sentences].

        Args:
            tasks: of each step, [steps, tasks of an update].
            progress: of the mixing, [steps].
            uniform: random numbers in [0, 1), [steps, sentences].
        """
        here = np.zeros((len(tasks), len(self._start)))
        np.put_along_axis(here, tasks.astype(np.int64), 1.0, axis=1)
        shares = here * (self._start + progress[:, None] * (self._end - self._start))
        shares = np.where(shares.any(axis=1, keepdims=True), shares, here)
        drawn = [_by_share(shares, column) for column in uniform.T]
        return np.sort(np.stack(drawn, axis=1), axis=1).astype(np.int16)


def _by_share(left: NDArray[np.float64], uniform: NDArray[np.float64]) -> NDArray[np.int64]:
    """Draw one of the tasks that are left in each step, in proportion to their shares.

    Args:
        left: their shares, 0 for a task that is drawn already, [steps, tasks].
        uniform: random numbers in [0, 1), [steps].

    Returns:
        Positions of tasks, [steps].
    """
    upto = np.cumsum(left, axis=1)
    # Never the whole: rounding must not let a number fall behind the last task that is left.
    wanted = np.minimum(uniform * upto[:, -1], np.nextafter(upto[:, -1], 0.0))
    return (wanted[:, None] >= upto).sum(axis=1)


class RisingDraws(TaskDraws):
    """Draws tasks where the targets' share rises with their own updates, over the whole stage.

    Args:
        config: the mixing, `to_targets`.
        sizes: sentences of each task; their order matters.
        epochs: how many.
        seed: of all draws.
        targets: those of the tasks that are targets; some of them.
        total: target updates of the stage.
    """

    def __init__(
        self,
        config: MixingConfig,
        sizes: Mapping[str, int],
        epochs: int,
        seed: int,
        targets: Collection[str],
        total: int,
    ) -> None:
        super().__init__(config, sizes, epochs, None, seed, 1, targets)
        self._rise, self._total, self._done = (config.start, config.end), total, 0

    def epoch(
        self, epoch: int, first: int, is_target: NDArray[np.bool_], updates: int
    ) -> NDArray[np.int16]:
        """Return the tasks of each step; epochs are asked for in their order.

        See `TaskDraws.epoch`.
        """
        stream = stream_for(self._seed, _DRAWS, epoch)
        before = auxiliary_updates(stream, self._done, updates, self._total, *self._rise)
        self._done += updates
        last = np.cumsum(before + 1)
        serves = np.zeros(last[-1], dtype=np.bool_)
        serves[last - 1] = True
        uniform = stream.random(len(serves))
        # Within a side the shares keep their proportions, but one may have none at an end.
        share = np.where(self._start > 0, self._start, self._end)
        left = np.where(serves[:, None] == is_target, share, 0.0)
        return _by_share(left, uniform).astype(np.int16)[:, None]
