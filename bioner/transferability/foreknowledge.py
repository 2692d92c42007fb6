"""What known gains of other targets say of a plan before it is trained. No torch."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bioner.transferability.belief import Belief
from bioner.transferability.known import Known
from bioner.transferability.outlook import ENOUGH_TARGETS
from bioner.transferability.tables import PAIR

TRANSFER = "transfer"


@dataclass(frozen=True)
class Foreknowledge:
    """The gains over `single` to expect of the plans for one target.

    Attributes:
        transfer: of transfer from each source.
        beside: what each other regime gains beyond transfer from the same source.
    """

    transfer: Mapping[str, Belief]
    beside: Mapping[str, Belief]

    def of(self, regime: str, source: str | None) -> Belief | None:
        """Return what to expect of a plan; None where nothing is known of it.

        Args:
            regime: of the plan.
            source: its first; None: a plan without one, of which no gain is expected, and which
                may be as far from that as transfer is from what is expected of it.
        """
        if source is None:
            return Belief(0.0, next(iter(self.transfer.values())).error)
        found = self.transfer.get(source)
        if found is None or regime == TRANSFER:
            return found
        more = self.beside.get(regime)
        return None if more is None else found.and_then(more)


def beside_transfer(gains: pd.DataFrame) -> dict[str, Belief]:
    """Return for each regime what it gains beyond transfer from the same source.

    That is the mean over the pairs that have both, and their standard deviation, for another pair
    is one of such pairs. A regime with pairs of fewer than `ENOUGH_TARGETS` targets is left out.

    Args:
        gains: columns `GAIN_COLUMNS`, of one encoder.
    """
    pairs = gains.pivot_table("gain", PAIR, "regime")
    found = {}
    for regime in pairs.columns.difference([TRANSFER]) if TRANSFER in pairs else ():
        more = (pairs[regime] - pairs[TRANSFER]).dropna()
        if more.index.get_level_values("target").nunique() >= ENOUGH_TARGETS and more.std() > 0:
            found[str(regime)] = Belief(float(more.mean()), float(more.std()))
    return found


def largest_target(known: Known) -> float:
    """Return the train sentences of the largest target that has gains, as it was trained; 0: none.

    A corpus has as many as the measure `source_size` says of it, of which the gains' `train_size`
    is a share or the number.
    """
    sizes = known.measures[known.measures["measure"] == "source_size"]
    whole = 10 ** sizes.groupby("source")["value"].first().astype(float)
    targets = known.gains.drop_duplicates(["target", "train_size"])
    found = [
        _used(str(size), float(whole.get(target, np.nan)))
        for target, size in zip(targets["target"], targets["train_size"], strict=True)
    ]
    return max((one for one in found if not np.isnan(one)), default=0.0)


def _used(train_size: str, whole: float) -> float:
    if train_size == "all":
        return whole
    if train_size.endswith("%"):
        return float(train_size.removesuffix("%")) / 100 * whole
    return float(train_size)
