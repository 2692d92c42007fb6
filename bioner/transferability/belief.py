"""What is believed of a gain, and what a look at it makes of that. No torch."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Belief:
    """A normal distribution of a gain.

    Attributes:
        mean: the gain to expect, in F1.
        error: its standard deviation, above 0.
    """

    mean: float
    error: float

    def after(self, seen: "Belief") -> "Belief":
        """Return what to believe once the gain was seen, with an error of its own.

        Both weigh by one over their variance (Gelman et al. 2013, "Bayesian Data Analysis",
        equation 2.10).
        """
        ours, theirs = self.error**-2, seen.error**-2
        mean = (ours * self.mean + theirs * seen.mean) / (ours + theirs)
        return Belief(mean, (ours + theirs) ** -0.5)

    def and_then(self, more: "Belief") -> "Belief":
        """Return the sum with a gain that comes on top, independent of it."""
        return Belief(self.mean + more.mean, math.hypot(self.error, more.error))

    @property
    def not_worse(self) -> float:
        """The probability that the gain is not below 0."""
        return 0.5 * math.erfc(-self.mean / self.error / math.sqrt(2))
