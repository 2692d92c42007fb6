"""Devel and test splits for a corpus that has none: parts of its train file."""

import heapq

import numpy as np
from numpy.typing import NDArray

from bioner.config.dataset import DatasetConfig
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


def fold_numbers(train: Table, folds: int) -> NDArray[np.int64]:
    """Return the fold of each sentence of a file, from 1 on, int64 [sentences].

    Whole documents are dealt out in a random order, each to the fold that has the fewest sentences
    yet; where the file marks no documents every sentence is one. With as many documents as folds
    none is empty, and no two differ by more sentences than the longest document has.

    Args:
        train: the sentences of the file.
        folds: how many.
    """
    documents = document_numbers(train)
    sizes = np.bincount(documents)
    given = np.zeros(len(sizes), dtype=np.int64)
    least = [(0, fold) for fold in range(1, folds + 1)]
    for document in np.random.Generator(np.random.PCG64(SEED)).permutation(len(sizes)):
        size, fold = least[0]
        given[document] = fold
        heapq.heapreplace(least, (size + int(sizes[document]), fold))
    return given[documents]


def parted(train: Table, config: DatasetConfig) -> dict[str, _Places]:
    """Part the sentences of a train file into what is left to train and the splits it has to give.

    Args:
        train: the sentences of the train file.
        config: of the dataset. Test is a fold, or a share of the file as devel is; devel is a share
            or a fold of what that leaves.

    Returns:
        The places of the sentences of each part, sorted; a part is empty where the documents do
        not suffice, and test where its share is 0.
    """
    left = np.arange(len(train))
    found: dict[str, _Places] = {}
    whole = 1.0
    if config.folds is not None:
        tested = fold_numbers(train, config.folds) == config.fold
        found["test"], left = left[tested], left[~tested]
    for split, share in config.shares.items():
        if not share:
            found[split] = left[:0]
            continue
        rest, held = hold_out(_taken(train, left), share / whole)
        found[split], left = left[held], left[rest]
        whole -= share
    if config.devel_folds is not None:
        scored = fold_numbers(_taken(train, left), config.devel_folds) == config.devel_fold
        found["devel"], left = left[scored], left[~scored]
    return {"train": left} | found


def _taken(train: Table, left: _Places) -> Table:
    return train if len(left) == len(train) else train.take(left, {})
