"""What heads start from: the tensors of earlier ones, whole or by the rows of each entity type."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

log = logging.getLogger(__name__)

WEIGHT, BIAS = "linear.weight", "linear.bias"
"""The names of a head's linear layer in its tensors: a row for each tag."""


@dataclass(frozen=True)
class Carried:
    """What the heads of a stage start from.

    Attributes:
        tensors: the first values, under the names in `HeadBank.parts`.
        used: the names of the earlier stage's tensors that they are made of.
        rows: of the tasks whose heads are carried in part, the tags whose rows are, Bool [tags].
    """

    tensors: dict[str, Tensor]
    used: set[str]
    rows: dict[str, Tensor] = field(default_factory=dict)


@dataclass(frozen=True)
class TypedRows:
    """The linear layer that a head starts with.

    Attributes:
        weight: Float [tags, hidden].
        bias: Float [tags].
        carried: which tags' rows are those of earlier heads, Bool [tags].
        sources: the earlier task of each type that is carried, by the type of the new head.
    """

    weight: Tensor
    bias: Tensor
    carried: Tensor
    sources: dict[str, str]


def typed_rows(
    tags: Sequence[str],
    fresh: Mapping[str, Tensor],
    earlier: Mapping[str, Tensor],
    spaces: Mapping[str, Sequence[str]],
) -> TypedRows:
    """Take the rows of each type from the first earlier head that has it, and O from one of these.

    A head of a single type takes those of another head of a single type, whatever this is called.

    Args:
        tags: of the new head, by id.
        fresh: its tensors as they are.
        earlier: the tensors of the earlier heads, `TASK.NAME`.
        spaces: the label space of each earlier head.
    """
    weight, bias = fresh[WEIGHT].clone(), fresh[BIAS].clone()
    carried = torch.zeros(len(tags), dtype=torch.bool)
    sources: dict[str, str] = {}
    types = _types(tags)
    for name in types:
        task, theirs = _holder(name, len(types) == 1, spaces)
        if task is None:
            continue
        pairs = [(f"{side}-{name}", f"{side}-{theirs}") for side in "BI"]
        for own, other in pairs if sources else [("O", "O"), *pairs]:
            at, there = tags.index(own), spaces[task].index(other)
            weight[at] = earlier[f"{task}.{WEIGHT}"][there]
            bias[at] = earlier[f"{task}.{BIAS}"][there]
            carried[at] = True
        sources[name] = task
    return TypedRows(weight, bias, carried, sources)


def _types(tags: Sequence[str]) -> list[str]:
    return [tag[2:] for tag in tags if tag.startswith("B-")]


def _holder(name: str, alone: bool, spaces: Mapping[str, Sequence[str]]) -> tuple[str | None, str]:
    """Return the earlier head that has a type, and what it calls it."""
    for task, tags in spaces.items():
        if f"B-{name}" in tags:
            return task, name
    for task, tags in spaces.items():
        if alone and len(types := _types(tags)) == 1:
            return task, types[0]
    return None, name


def say_nothing_matches(task: str, what: str, tags: Mapping[str, tuple[str, ...]]) -> None:
    """Warn that a head is not carried over, with the types that there were."""
    log.warning(
        "head of %s starts anew: no head of the stage before has %s (%s)",
        task,
        what,
        "; ".join(
            f"{other} has {', '.join(t[2:] for t in names if t.startswith('B-'))}"
            for other, names in tags.items()
        ),
    )
