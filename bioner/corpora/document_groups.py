"""Which sentences of a split belong together as a document."""

import numpy as np
from numpy.typing import NDArray

from bioner.corpora.sentence_table import Table


def has_documents(sentences: Table) -> bool:
    """Say whether the file marks its documents."""
    return any(sentences.documents)


def document_numbers(sentences: Table) -> NDArray[np.int64]:
    """Return the number of each sentence's document, from 0 in the order of the file, [sentences].

    Where the file marks no documents each sentence is one. Sentences before the first mark are a
    document of their own.
    """
    if not has_documents(sentences):
        return np.arange(len(sentences))
    return sentences.document_ids.astype(np.int64)


def documents(sentences: Table) -> int:
    """Return the number of documents, or of sentences where the file marks none."""
    return len(np.unique(document_numbers(sentences)))
