"""The statistics: how many times faster, from rounds that were run side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Ratio:
    """A median with the smallest and the largest value."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.low:.2f} to {self.high:.2f})"


def spread(values: Sequence[float]) -> Ratio:
    """Return the median of some values, with their spread.

    Raises:
        ValueError: there is none.
    """
    if not values:
        raise ValueError("no value to take the median of")
    return Ratio(median(values), min(values), max(values))


def times_faster(ours: Sequence[float], theirs: Sequence[float]) -> Ratio:
    """Return how many times faster we are: their seconds by ours, round by round.

    The two of a round ran one right after the other, so what slows the machine for a while slows
    both; the ratio of two medians would not know.

    Args:
        ours: seconds of each round.
        theirs: of the same rounds, over the same words.

    Raises:
        ValueError: not the same number of rounds, or none.
    """
    return spread([their / our for our, their in zip(ours, theirs, strict=True)])
