"""Markers around each row that say whose labels are asked for, and under which ids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from bioner.batches.tokenizer import SpecialTokens
from bioner.config.encoder import TaskTokens

if TYPE_CHECKING:
    from bioner.batches.window import Window


def markers_of(kind: TaskTokens, tags: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """Return the names of each task's markers; nothing where tasks have none.

    Args:
        kind: one marker with the dataset's name, or one for each of its types.
        tags: the label space of each task.
    """
    if kind == TaskTokens.none:
        return {}
    if kind == TaskTokens.dataset:
        return {task: (task,) for task in tags}
    return {task: tuple(t[2:] for t in own if t.startswith("B-")) for task, own in tags.items()}


def in_order(markers: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the names of all markers in the order of their ids."""
    return sorted({name for names in markers.values() for name in names})


def marked(window: Window, markers: Mapping[str, Sequence[str]], first: int) -> Window:
    """Return a window whose rows begin and end with the markers of their task.

    They stand inside of the tokenizer's own special tokens. Each name has two ids, for the
    beginning and for the end, the first of all of which is `first`.
    """
    number = {name: first + 2 * i for i, name in enumerate(in_order(markers))}
    special = window.special
    return replace(
        window,
        marked={
            task: SpecialTokens(
                (*special.prefix, *(number[name] for name in names)),
                (*(number[name] + 1 for name in names), *special.suffix),
            )
            for task, names in markers.items()
        },
    )
