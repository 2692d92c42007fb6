"""Whether the best candidate is taken: only if it is not worse than `single`, as far as one knows.

One knows what devel says, and what the gains of other targets say before.
"""

from dataclasses import dataclass

from bioner.config.fit import FitConfig
from bioner.fit.candidates import BASELINE, Candidate
from bioner.fit.search import Search
from bioner.report.one_gain import Gain, gain_of
from bioner.runs.percent import percent, points
from bioner.transferability.belief import Belief

# Standard errors from the mean of a normal distribution to an end of its 95 % interval.
_ERRORS_TO_END = 1.96


@dataclass(frozen=True)
class Decision:
    """What is taken, and why.

    Attributes:
        chosen: the plan that is taken.
        gain: of the best candidate over `single` on devel; None where all failed.
        before: its gain as it was expected before; None where nothing was known.
        together: what that and devel say together; None where nothing was known.
        why: in plain words.
    """

    chosen: Candidate
    gain: Gain | None
    before: Belief | None
    together: Belief | None
    why: str


def decide(
    config: FitConfig, search: Search, best: Candidate | None, unknown: str = ""
) -> Decision:
    """Compare the best candidate with `single`, both with all seeds, on devel.

    Where known gains say what to expect of the candidate, devel is weighed against that.

    Args:
        config: of the search.
        search: that is over.
        best: its best candidate; None where all failed.
        unknown: why known gains say nothing; "" where they do.
    """
    if best is None:
        why = "single is taken: every other candidate failed"
        return Decision(BASELINE, None, None, None, why)
    gain = compare(config, search, best, "devel")
    before = search.expectation.before(best)
    seen = Belief(gain.gain, (gain.high - gain.low) / (2 * _ERRORS_TO_END))
    together = before.after(seen) if before and seen.error else None
    sure = gain.not_worse if together is None else together.not_worse
    if gain.f1 == 0:
        why = f"single is taken: {best.name}, the best candidate, finds no mention of devel"
        return Decision(BASELINE, gain, before, together, why)
    taken = best if sure >= config.confidence else BASELINE
    asked = f"with a confidence of {percent(sure)} %; {percent(config.confidence)} % are asked for"
    seeds = f" ({said_of_seeds(gain)})" if gain.seeds == 1 else ""
    devel = f"on devel {best.name} gains {said(gain)} over single{seeds}"
    if before is None or together is None:
        alone = f". Devel alone tells: {unknown}" if unknown else ""
        says = f"{devel}, and is not worse than it {asked}{alone}"
    else:
        says = (
            f"{devel}; before, the gains of other targets let one expect {_expected(before)} of "
            f"it. Both together say {_expected(together)}: it is not worse than single {asked}"
        )
    return Decision(taken, gain, before, together, f"{taken.name} is taken: {says}")


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


def _expected(belief: Belief) -> str:
    return f"{points(belief.mean)} ± {percent(belief.error)} points"
