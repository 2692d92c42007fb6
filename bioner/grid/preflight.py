"""What can be known of runs before they start: which can't, why, and how long the others take."""

import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from bioner.config.train import TrainConfig
from bioner.corpora.fetching import obstacle
from bioner.grid.jobs import OPEN, Job
from bioner.grid.like_runs import LikeRuns
from bioner.model import encoder_place
from bioner.runs.clock import clock


def preflight(jobs: Sequence[Job], at_once: int | None = None) -> Iterator[str]:
    """Yield lines: each obstacle with the number of runs that it stops, disk if short, time.

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
        yield from _disk(free, at_once or 1)
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
        text = config.selftrain.text
        if text is not None and not Path(text).exists():
            yield f"selftrain.text: {text} is not there; a file or folder of text"

    def _look(self, what: str, look: Callable[[], str | None]) -> Iterator[str]:
        if what not in self._known:
            self._known[what] = look()
        found = self._known[what]
        if found is not None:
            yield found


def _disk(jobs: Sequence[Job], at_once: int) -> Iterator[str]:
    """Yield a line for each disk that is too small for the weights and checkpoints of the runs."""
    by_folder: dict[Path, list[Job]] = {}
    for job in jobs:
        by_folder.setdefault(_that_exists(Path(job.config.runs_dir)), []).append(job)
    for folder, there in by_folder.items():
        weights = [encoder_place.weights_bytes(job.config.encoder) or 0 for job in there]
        kept = sum(
            size * len(job.config.finetune.targets)
            for size, job in zip(weights, there, strict=True)
        )
        # A checkpoint has the weights and the optimiser's two moments of each.
        needed, free = kept + at_once * 3 * max(weights), shutil.disk_usage(folder).free
        if needed > free:
            yield (
                f"disk: {len(there)} runs will write about {needed / 1e9:.1f} GB of weights below "
                f"{there[0].config.runs_dir}, where {free / 1e9:.1f} GB are free; runs_dir=… names "
                "another disk, `bioner stages prune idle_days=30` removes stages"
            )


def _that_exists(folder: Path) -> Path:
    return next(one for one in (folder.absolute(), *folder.absolute().parents) if one.exists())


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
        f"about {clock(whole)} for what is left ({len(jobs)} to run): finished runs like these "
        f"took {clock(each)}" + (f"; {without} are like none" if without else "")
    )
