"""What decides the sentences of a split, as the key under which they are cached."""

from collections.abc import Mapping

from bioner.config.dataset import DatasetConfig
from bioner.corpora.documents.segment import segmenter
from bioner.corpora.formats.all_formats import FORMATS

# To be raised when a reader gives other sentences for the same file and settings.
READER_VERSION = 1

# The fields of a dataset's YAML that decide what the reader makes of a file.
_FIELDS = (
    "format",
    "scheme",
    "word_column",
    "tag_column",
    "comment",
    "document",
    "types",
    "typed",
    "flatten",
    "repair",
)


def sentence_key(
    sha256: str, config: DatasetConfig, part: str | None = None
) -> Mapping[str, object]:
    """Return all that decides the sentences that are read from a file.

    Args:
        sha256: of the file.
        config: of the dataset; only the reader's settings count.
        part: which part of the file is meant, where `devel_share` cuts it; None: the whole.
    """
    return {
        "version": READER_VERSION,
        "sha256": sha256,
        "reader": {name: getattr(config, name) for name in _FIELDS},
        "segmenter": None if FORMATS[config.format].read_split else segmenter(),
        "part": part and [part, config.devel_share],
    }
