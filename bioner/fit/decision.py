"""Whether the best candidate is taken: only if devel says that it is not worse than `single`."""

from dataclasses import dataclass

from bioner.config.fit import FitConfig
from bioner.fit.candidates import BASELINE, Candidate
from bioner.fit.search import Search
from bioner.report.one_gain import Gain, gain_of
from bioner.runs.percent import percent, points


@dataclass(frozen=True)
class Decision:
    """What is taken, and why.

    Attributes:
        chosen: the plan that is taken.
        gain: of the best candidate over `single` on devel; None where all failed.
        why: in plain words.
    """

    chosen: Candidate
    gain: Gain | None
    why: str


def decide(config: FitConfig, search: Search, best: Candidate | None) -> Decision:
    """Compare the best candidate with `single`, both with all seeds, on devel."""
    if best is None:
        return Decision(BASELINE, None, "single is taken: every other candidate failed")
    gain = compare(config, search, best, "devel")
    says = (
        f"on devel {best.name} gains {said(gain)} over single, and is not worse than it with a "
        f"confidence of {percent(gain.not_worse)} %; {percent(config.confidence)} % are asked for"
        + (f" ({said_of_seeds(gain)})" if gain.seeds == 1 else "")
    )
    if gain.not_worse >= config.confidence:
        return Decision(best, gain, f"{best.name} is taken: {says}")
    return Decision(BASELINE, gain, f"single is taken: {says}")


def compare(config: FitConfig, search: Search, best: Candidate, split: str) -> Gain:
    """Return what a plan gains over `single` on a split, over all seeds.

    Where folds are devel each seed has a text of its own; then the runs that are scored on test
    are those that were trained on everything.
    """
    tested, parting = split == "test", search.parting
    sides = [
        [
            search.trial(one, seed, tested, whole=tested and parting.devel > 0)
            for seed in search.seeds(config.seeds)
        ]
        for one in (best, BASELINE)
    ]
    runs, others = ([search.directory(trial) for trial in side] for side in sides)
    texts = [parting.fold(trial) for trial in sides[0]]
    return gain_of(runs, others, config.target, split, config.seed, texts)


def said(gain: Gain) -> str:
    """Return a gain with its interval, in points of F1."""
    return f"{points(gain.gain)} points [{points(gain.low)}, {points(gain.high)}]"


def said_of_seeds(gain: Gain) -> str:
    """Return what a gain and its interval are of."""
    if gain.seeds == 1:
        return f"of one seed, which says nothing of others, the interval over {gain.unit}s alone"
    return f"the mean over {gain.seeds} seeds, and its 95 % interval over {gain.unit}s and seeds"
