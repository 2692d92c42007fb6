"""A devel split for a corpus that has none: a part of its train file."""

import numpy as np
from numpy.typing import NDArray

from bioner.corpora.document_groups import document_numbers
from bioner.corpora.sentence_table import Table

# The same for every run, so that everybody's devel split of a corpus is the same one.
SEED = 1

_Places = NDArray[np.int64]


def hold_out(train: Table, share: float) -> tuple[_Places, _Places]:
    """Part the sentences of a train file into those that are left to train and a devel split.

    Whole documents are drawn, in a random order, until they hold the share of the sentences; where
    the file marks no documents every sentence is one. Each part gets at least one document.

    Args:
        train: the sentences of the train file.
        share: of them for devel, above 0 and below 1.

    Returns:
        The places of the sentences that are left, and of the devel split, both sorted. The devel
        split is empty where there is but one document.
    """
    documents = document_numbers(train)
    sizes = np.bincount(documents)
    order = np.random.Generator(np.random.PCG64(SEED)).permutation(len(sizes))
    before = np.cumsum(sizes[order]) - sizes[order]
    drawn = int(np.count_nonzero(before + sizes[order] / 2 <= share * len(train)))
    drawn = min(max(drawn, 1), len(sizes) - 1)
    held = np.isin(documents, order[:drawn])
    return np.flatnonzero(~held), np.flatnonzero(held)
