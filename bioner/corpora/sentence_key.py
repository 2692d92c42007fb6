"""What decides the sentences of a split, as the key under which they are cached."""

from collections.abc import Mapping

from bioner.config.dataset import DatasetConfig
from bioner.config.effects import declared
from bioner.corpora.documents.segment import segmenter
from bioner.corpora.formats.all_formats import FORMATS

# To be raised when a reader gives other sentences for the same file and settings.
READER_VERSION = 2


def sentence_key(
    sha256: str, config: DatasetConfig, part: str | None = None
) -> Mapping[str, object]:
    """Return all that decides the sentences that are read from a file.

    Args:
        sha256: of the file.
        config: of the dataset; only the reader's settings count.
        part: which part of the file is meant, where shares of it are other splits; None: the whole.
    """
    tested = [] if config.test_share is None else [config.test_share]
    folds = config.folds, config.fold
    folded: list[object] = [] if folds == (None, None) else [*folds]
    devel = config.devel_folds, config.devel_fold
    folded += [] if devel == (None, None) else ["devel", *devel]
    return {
        "version": READER_VERSION,
        "sha256": sha256,
        "reader": {one.name: one.value for one in declared(config) if one.effect.reading},
        "segmenter": None if FORMATS[config.format].read_split else segmenter(),
        "part": part and [part, config.devel_share, *tested, *folded],
    }
