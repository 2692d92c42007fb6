"""Which sentences of a train split a run uses."""

from math import floor

import numpy as np
from numpy.typing import NDArray

from bioner.config.blocks import SubsetUnit
from bioner.corpora.document_groups import document_numbers, has_documents
from bioner.corpora.sentence_table import Table
from bioner.errors import ConfigError


def subset(
    sentences: Table,
    size: int | float | None,
    seed: int,
    unit: SubsetUnit = SubsetUnit.sentences,
    key: str = "train_size",
) -> NDArray[np.int64]:
    """Draw sentences or documents, a smaller size inside every larger one of the same seed.

    The units are put in a random order that depends on the seed and on their number alone. The
    first unit of each entity type then goes before all others, so that a subset of as many units
    as there are types has them all; where a type is not that rare this changes nothing. A subset
    is the beginning of that order.

    Args:
        sentences: what is drawn from.
        size: an integer counts units; a float is a share of them in (0, 1], rounded to the nearest
            count, at least one; None takes all.
        seed: of the random order.
        unit: whether sentences or whole documents are drawn.
        key: the config key that the size comes from, for the message.

    Returns:
        The indices of the drawn sentences, sorted, int64 [sentences].

    Raises:
        ConfigError: if the size is not legal or larger than the split, or documents are asked for
            and the file marks none.
    """
    if size is None:
        return np.arange(len(sentences))
    by_document = unit == SubsetUnit.documents
    if by_document and not has_documents(sentences):
        found = f"is documents, but the train file that {key} is of marks none"
        raise ConfigError("subset_unit", found, "sentences")
    units = document_numbers(sentences) if by_document else np.arange(len(sentences))
    total = int(units.max(initial=-1)) + 1
    count = _count(size, total, key, unit)
    order = np.random.Generator(np.random.PCG64(seed)).permutation(total)
    rank = np.argsort(order)
    needed = np.unique([rank[with_type].min() for with_type in _units_by_type(sentences, units)])
    first = order[needed.astype(np.int64)]
    drawn = np.concatenate([first, np.delete(order, needed.astype(np.int64))])[:count]
    return np.flatnonzero(np.isin(units, drawn))


def _units_by_type(sentences: Table, units: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Return, for each entity type that the sentences have, the units that have it."""
    opening = [i for i, tag in enumerate(sentences.tag_names) if tag.startswith("B-")]
    places = (np.flatnonzero(sentences.tag_ids == tag) for tag in opening)
    return [
        units[np.searchsorted(sentences.word_starts, place, side="right") - 1]
        for place in places
        if len(place)
    ]


def _count(size: int | float, total: int, key: str, unit: SubsetUnit) -> int:
    legal = f"a count of {unit} (integer >= 1), a fraction in (0, 1], or null for all"
    if isinstance(size, bool) or not (size >= 1 if isinstance(size, int) else 0 < size <= 1):
        raise ConfigError(key, f"is {size}", legal)
    if isinstance(size, float):
        return max(1, floor(size * total + 0.5))
    if size > total:
        raise ConfigError(key, f"is {size}, but the split has {total} {unit}", legal)
    return size
