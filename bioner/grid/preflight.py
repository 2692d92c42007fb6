"""What can be known of runs before they start: which can't, why, and how long the others take."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path

from bioner.config.train import TrainConfig
from bioner.corpora.fetching import obstacle
from bioner.grid.jobs import OPEN, Job
from bioner.grid.like_runs import LikeRuns
from bioner.model import encoder_place


def preflight(jobs: Sequence[Job], at_once: int | None = None) -> Iterator[str]:
    """Yield lines: one for each obstacle with the number of runs that it stops, and one of time.

    Args:
        jobs: of a grid, or one run; those that are not open are left out.
        at_once: jobs that run at a time, where that is known.
    """
    to_run = [job for job in jobs if job.state in OPEN]
    looks = _Looks()
    found = {job: [*looks.obstacles(job.config)] for job in to_run}
    for what, count in Counter(one for each in found.values() for one in each).items():
        yield f"can't run ({count} of {len(to_run)}): {what}"
    free = [job for job, each in found.items() if not each]
    if free:
        yield _time(free, at_once)


class _Looks:
    """Looks for what keeps runs from starting, once for all that need the same."""

    def __init__(self) -> None:
        self._known: dict[str, str | None] = {}

    def obstacles(self, config: TrainConfig) -> Iterator[str]:
        """Yield why a run can't start, with what helps."""
        folder, mirror = config.datasets_dir, config.datasets_mirror
        for name, dataset in config.dataset.items():
            look = partial(obstacle.obstacle, name, dataset, Path(folder), mirror)
            yield from self._look(repr(look.args), look)
        encoder = config.encoder
        yield from self._look(repr(encoder), partial(encoder_place.obstacle, encoder))
        checkpoint = config.pretrain.checkpoint
        if checkpoint is not None and not Path(checkpoint).exists():
            yield f"pretrain.checkpoint: {checkpoint} is not there; the directory of a finished run"

    def _look(self, what: str, look: Callable[[], str | None]) -> Iterator[str]:
        if what not in self._known:
            self._known[what] = look()
        found = self._known[what]
        if found is not None:
            yield found


def _time(jobs: Sequence[Job], at_once: int | None) -> str:
    like = {folder: LikeRuns(Path(folder)) for folder in {job.config.runs_dir for job in jobs}}
    known = [like[job.config.runs_dir].seconds(job.config) for job in jobs]
    seconds = [one for one in known if one is not None]
    if not seconds:
        return "how long it takes is not known: no finished run is like it"
    each = sum(seconds) / len(seconds)
    whole = each * len(jobs) / min(at_once or 1, len(jobs))
    without = len(jobs) - len(seconds)
    return (
        f"about {_clock(whole)} for what is left ({len(jobs)} to run): finished runs like these "
        f"took {_clock(each)}" + (f"; {without} are like none" if without else "")
    )


def _clock(seconds: float) -> str:
    return str(timedelta(seconds=round(seconds)))
