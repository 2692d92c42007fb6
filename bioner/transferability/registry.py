"""What a measure is, and the list of all of them. No torch."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from typing import TypeVar, get_type_hints

from bioner.errors import ConfigError, nearest

Function = TypeVar("Function", bound=Callable[..., float])


class Larger(StrEnum):
    """What a larger value means."""

    closer = "closer"
    farther = "farther"


class Family(StrEnum):
    """What a measure is computed from, and so how costly it is."""

    sizes = "sizes"
    surface = "surface"
    language = "language"
    embeddings = "embeddings"
    label_mapping = "label_mapping"
    tuned = "tuned"
    gradients = "gradients"
    joint = "joint"


CHEAP = (Family.sizes, Family.surface, Family.language, Family.embeddings, Family.label_mapping)
"""The families that need no trained model."""

# One module a family, except where a family would make the module too long.
_MODULES = (
    "sizes",
    "surface",
    "language",
    "embeddings",
    "optimal_transport",
    "label_mapping",
    "label_transfer",
    "class_structure",
    "probes",
    "gradients",
    "linearised",
    "affinity",
)


@dataclass(frozen=True)
class Measure:
    """A number for a (source, target) pair.

    Attributes:
        name: of the function.
        family: what it is computed from.
        larger: what a larger value means.
        symmetric: whether the pair (target, source) has the same value.
        pairs_labels: whether it looks at which words carry which labels, so that random labels
            must look bad to it. Label counts alone do not.
        oracle: whether it reads the target's test labels: no prediction, only a bound.
        says: what the value is, in plain words.
        reads: the type of what its function takes: once for the source and once for the target,
            or, of the source-tuned encoder, once for the pair (one of `view.TUNED`).
        function: computes it.
    """

    name: str
    family: Family
    larger: Larger
    symmetric: bool
    pairs_labels: bool
    oracle: bool
    says: str
    reads: type
    function: Callable[..., float]

    def closeness(self, value: float) -> float:
        """Return the value with the sign that makes larger mean closer."""
        return value if self.larger == Larger.closer else -value


class NotDefinedError(Exception):
    """A measure has no value for these inputs; the message says why."""


_MEASURES: dict[str, Measure] = {}


def measure(
    family: Family,
    says: str,
    larger: Larger = Larger.closer,
    *,
    symmetric: bool = False,
    pairs_labels: bool = False,
    oracle: bool = False,
) -> Callable[[Function], Function]:
    """Put a function on the list of measures, under its own name. See `Measure`."""

    def listed(function: Function) -> Function:
        name = function.__name__
        _MEASURES[name] = Measure(
            name,
            family,
            larger,
            symmetric,
            pairs_labels,
            oracle,
            says,
            next(iter(get_type_hints(function).values())),
            function,
        )
        return function

    return listed


def measures() -> dict[str, Measure]:
    """Return every measure under its name, in the order of the families."""
    for module in _MODULES:
        import_module(f"bioner.transferability.{module}")
    order = list(Family)
    return dict(sorted(_MEASURES.items(), key=lambda item: order.index(item[1].family)))


def chosen(key: str, names: Iterable[str]) -> dict[str, Measure]:
    """Return the measures that these names stand for: of measures, families, `cheap` or `all`.

    Args:
        key: the config key that the names come from, for the message.
        names: at least one; `cheap` stands for the families that need no trained model.

    Raises:
        ConfigError: a name that is neither.
    """
    known = measures()
    found: dict[str, Measure] = {}
    for name in names:
        families = {"all": tuple(Family), "cheap": CHEAP}.get(name, (name,))
        of_family = {n: m for n, m in known.items() if m.family in families}
        if not of_family and name not in known:
            legal = nearest(name, ["all", "cheap", *Family, *known])
            raise ConfigError(key, f"no measure or family {name!r}", legal)
        found |= of_family or {name: known[name]}
    return {name: one for name, one in known.items() if name in found}
