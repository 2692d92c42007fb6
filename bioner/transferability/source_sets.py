"""Which sources make a good set for a target: grown greedily, judged as a whole."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bioner.transferability.linearised import Linearised, set_affinity

# Sources that may be in a set: so many first ones of the recommended order.
_FIRST = 6


@dataclass(frozen=True)
class SourceSet:
    """Sources that a target may be trained with.

    Attributes:
        sources: their names, each the one that adds most to those before it.
        affinity: `set_affinity` of the target with them.
    """

    sources: tuple[str, ...]
    affinity: float


def grow(
    target: str, order: Sequence[str], largest: int, read: Callable[[str, bool], Linearised]
) -> list[SourceSet]:
    """Return sets of one, two and more sources, as long as a further source adds something.

    Forward selection: of the sources that are left, the one joins whose set is best.

    Args:
        target: its name.
        order: of the sources, those that should help most first.
        largest: sources in a set, at most.
        read: what the linear model takes of a dataset, by its name and whether it is the target.

    Raises:
        NotDefinedError: the target shows too little to judge a set by.
    """
    judged = read(target, True)
    left = {name: read(name, False) for name in order[:_FIRST]}
    chosen: dict[str, Linearised] = {}
    sets: list[SourceSet] = []
    while left and len(chosen) < largest:
        scores = {name: set_affinity(judged, [*chosen.values(), one]) for name, one in left.items()}
        best = max(scores, key=lambda name: scores[name])
        if sets and scores[best] <= sets[-1].affinity:
            break
        chosen[best] = left.pop(best)
        sets.append(SourceSet(tuple(chosen), scores[best]))
    return sets
