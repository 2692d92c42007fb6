"""Whether stated probabilities and intervals held, each known target left out in turn. No torch."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bioner.transferability.outlook import HELD, Experience

BINS = 5
PAIR_COLUMNS = ["target", "source", "expected", "low", "high", "helps", "gain", "helped", "base"]


@dataclass(frozen=True)
class Calibration:
    """How what was stated of each pair agrees with what it gained.

    Attributes:
        pairs: a row a pair, columns `PAIR_COLUMNS`: what `Outlook` says when the target is left
            out, its gain, whether that is above the noise, and the share of the other targets'
            pairs whose gain is.
        noise: a gain above it counts as help, in F1.
    """

    pairs: pd.DataFrame
    noise: float

    @property
    def brier(self) -> float:
        """The mean squared error of the probabilities (Brier 1950); 0 is best."""
        return _brier(self.pairs["helps"], self.pairs["helped"])

    @property
    def brier_of_base(self) -> float:
        """The same of the share that helped among the other targets, which knows no measure."""
        return _brier(self.pairs["base"], self.pairs["helped"])

    @property
    def held(self) -> float:
        """The share of gains that lie in their interval; `HELD` is what it should be."""
        return float(self.pairs["gain"].between(self.pairs["low"], self.pairs["high"]).mean())

    @property
    def said(self) -> int:
        """Pairs of which help is more likely than not."""
        return int((self.pairs["helps"] > 0.5).sum())

    @property
    def helped(self) -> int:
        """Pairs that gained more than the noise."""
        return int(self.pairs["helped"].sum())

    @property
    def right(self) -> int:
        """Pairs of both kinds: by `said` it is the precision, by `helped` the recall."""
        return int((self.pairs["helped"] & (self.pairs["helps"] > 0.5)).sum())

    def bins(self) -> pd.DataFrame:
        """Return a row for each of `BINS` equal stretches of probability that holds a pair.

        Columns: from, to, pairs, stated (mean probability) and helped (share).
        """
        place = np.minimum((self.pairs["helps"] * BINS).astype(int), BINS - 1)
        grouped = self.pairs.groupby(place)
        table = grouped.agg(
            pairs=("gain", "size"), stated=("helps", "mean"), helped=("helped", "mean")
        )
        edges = {"from": table.index / BINS, "to": (table.index + 1) / BINS}
        return pd.DataFrame({**edges, **table}).reset_index(drop=True)

    def in_words(self) -> list[str]:
        """Return the figures as two lines."""
        return [
            f"probability of help: Brier score {self.brier:.3f}, without measures "
            f"{self.brier_of_base:.3f}; of {self.said} pairs said to help {self.right} did, "
            f"{self.helped} of {len(self.pairs)} helped",
            f"intervals of {HELD:.0%}: held {self.held:.0%} of the gains",
        ]


def calibration(experience: Experience) -> Calibration | None:
    """State probabilities for each known target from the others alone, and look what came.

    Returns:
        None where too few targets are known to leave one out twice.
    """
    found = []
    for target, features in experience.features.items():
        others = experience.without(target)
        outlook = others.outlook(features)
        if outlook is None or outlook.helps.isna().all():
            return None
        base = np.concatenate([*others.gains.values()]) > experience.noise
        rows = pd.DataFrame({"target": target, **vars(outlook)}).rename_axis("source")
        rows = rows.assign(gain=experience.gains[target], base=float(base.mean()))
        found.append(rows.reset_index())
    if not found:
        return None
    pairs = pd.concat(found, ignore_index=True)
    pairs["helped"] = pairs["gain"] > experience.noise
    return Calibration(pairs[PAIR_COLUMNS], experience.noise)


def _brier(stated: pd.Series, came: pd.Series) -> float:
    return float(((stated - came) ** 2).mean())
