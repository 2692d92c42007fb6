"""Devel and test splits for a corpus that has none: parts of its train file."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from bioner.corpora.document_groups import document_numbers
from bioner.corpora.sentence_table import Table

# The same for every run, so that everybody's splits of a corpus are the same ones.
SEED = 1

_Places = NDArray[np.int64]


def hold_out(train: Table, share: float) -> tuple[_Places, _Places]:
    """Part the sentences of a file into those that are left and a split.

    Whole documents are drawn, in a random order, until they hold the share of the sentences; where
    the file marks no documents every sentence is one. Each part gets at least one document.

    Args:
        train: the sentences of the train file.
        share: of them for the split, above 0 and below 1.

    Returns:
        The places of the sentences that are left, and of the split, both sorted. The split is
        empty where there is but one document.
    """
    documents = document_numbers(train)
    sizes = np.bincount(documents)
    order = np.random.Generator(np.random.PCG64(SEED)).permutation(len(sizes))
    before = np.cumsum(sizes[order]) - sizes[order]
    drawn = int(np.count_nonzero(before + sizes[order] / 2 <= share * len(train)))
    drawn = min(max(drawn, 1), len(sizes) - 1)
    held = np.isin(documents, order[:drawn])
    return np.flatnonzero(~held), np.flatnonzero(held)


def parted(train: Table, shares: Mapping[str, float]) -> dict[str, _Places]:
    """Part the sentences of a train file into what is left to train and the splits it has to give.

    Args:
        train: the sentences of the train file.
        shares: of them, for each split that is a part of them, in the order in which they are
            drawn; together below 1.

    Returns:
        The places of the sentences of each part, sorted; a part is empty where the documents do
        not suffice.
    """
    left = np.arange(len(train))
    found: dict[str, _Places] = {}
    whole = 1.0
    for split, share in shares.items():
        among = train if len(left) == len(train) else train.take(left, {})
        rest, held = hold_out(among, share / whole)
        found[split], left = left[held], left[rest]
        whole -= share
    return {"train": left} | found
