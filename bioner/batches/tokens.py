"""Words to token ids: one split as flat arrays, each distinct word tokenised once. No torch."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
import tokenizers
from numpy.typing import NDArray

from bioner.config import DatasetConfig
from bioner.errors import ConfigError
from bioner.text.segment import segmenter
from bioner.text.sentence import Sentence

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

# To be raised when the reader or the encoding gives something else for the same file and settings.
ENCODING_VERSION = 1

# The fields of a dataset's YAML that decide what the reader makes of a file.
_READER_FIELDS = (
    "format", "scheme", "word_column", "tag_column", "comment", "document", "types", "typed",
    "flatten", "repair",
)  # fmt: skip


def starts_of(counts: NDArray[np.integer | np.bool_]) -> NDArray[np.int64]:
    """Return where each of consecutive groups starts, [groups + 1]; the last is the total."""
    starts = np.zeros(len(counts) + 1, dtype=np.int64)
    np.cumsum(counts, out=starts[1:])
    return starts


def ranges(starts: NDArray[np.integer], counts: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return `start, start + 1, …` of every group, one group after the other, [sum of counts]."""
    offsets = starts_of(counts)
    return np.arange(offsets[-1]) + np.repeat(starts - offsets[:-1], counts)


@dataclass(frozen=True)
class Encoded:
    """One split of a dataset as a tokenizer sees it.

    Attributes:
        pieces: int32 [pieces], the token ids of all words in order, no special tokens.
        piece_counts: int32 [words], pieces of each word; 0 where the tokenizer lost it.
        tags: int16 [words], gold tag ids in the order of `tag_set`: O is 0, B- is odd, I- is even.
        sentence_words: int32 [sentences], words of each sentence.
    """

    pieces: NDArray[np.int32]
    piece_counts: NDArray[np.int32]
    tags: NDArray[np.int16]
    sentence_words: NDArray[np.int32]

    @cached_property
    def piece_starts(self) -> NDArray[np.int64]:
        """The place in `pieces` of each word's first piece, [words + 1]."""
        return starts_of(self.piece_counts)

    @cached_property
    def word_starts(self) -> NDArray[np.int64]:
        """The place in `tags` of each sentence's first word, [sentences + 1]."""
        return starts_of(self.sentence_words)

    @property
    def sentence_pieces(self) -> NDArray[np.int64]:
        """The number of pieces of each sentence, [sentences]."""
        return np.diff(self.piece_starts[self.word_starts])

    @property
    def lost(self) -> int:
        """The number of words that the tokenizer made no piece of."""
        return int(np.count_nonzero(self.piece_counts == 0))

    def oversized(self, window: int) -> int:
        """Return how many words have more pieces than a window (`SpecialTokens.window`) holds."""
        return int(np.count_nonzero(self.piece_counts > window))

    @cached_property
    def kept_tags(self) -> NDArray[np.int16]:
        """Gold tags that are legal IOB2 when the lost words are left out, int16 [words].

        An I- whose mention's earlier words were all lost is a B-; the value at a lost word is 0.
        """
        kept = np.flatnonzero(self.piece_counts)
        tags = self.tags[kept]
        # Every B- opens a mention, so an I- belongs to the mention of the last B- before it.
        mention = np.cumsum(self.tags % 2)[kept]
        continues = np.zeros(len(kept), dtype=bool)
        continues[1:] = (tags[:-1] > 0) & (mention[1:] == mention[:-1])
        orphan = (tags > 0) & (tags % 2 == 0) & ~continues
        legal = np.zeros_like(self.tags)
        legal[kept] = tags - orphan
        return legal


@dataclass(frozen=True)
class SpecialTokens:
    """The ids that a tokenizer puts before and after one sequence."""

    prefix: tuple[int, ...]
    suffix: tuple[int, ...]

    def window(self, max_pieces: int) -> int:
        """Return how many pieces of words fit into a row.

        Args:
            max_pieces: pieces in one row, special tokens included.

        Raises:
            ConfigError: if no piece fits.
        """
        specials = len(self.prefix) + len(self.suffix)
        if max_pieces <= specials:
            raise ConfigError(
                "encoder.max_pieces",
                f"{max_pieces} leaves no room beside {specials} special tokens",
                f"at least {specials + 1}",
            )
        return max_pieces - specials


@contextmanager
def _plain(tokenizer: PreTrainedTokenizerFast) -> Iterator[tokenizers.Tokenizer]:
    """Lend the backend tokenizer without truncation and padding, which its file may ask for."""
    if not tokenizer.is_fast:
        raise ConfigError(
            "encoder.name",
            f"its tokenizer ({type(tokenizer).__name__}) is not a fast one",
            "an encoder with a tokenizer.json",
        )
    backend = tokenizer.backend_tokenizer
    truncation, padding = backend.truncation, backend.padding
    special = backend.encode_special_tokens
    backend.no_truncation()
    backend.no_padding()
    # transformers sets this on every call; without it a call made before would leak into ours.
    backend.encode_special_tokens = tokenizer.split_special_tokens
    try:
        yield backend
    finally:
        backend.encode_special_tokens = special
        if truncation is not None:
            backend.enable_truncation(**truncation)
        if padding is not None:
            backend.enable_padding(**padding)


def special_tokens(tokenizer: PreTrainedTokenizerFast) -> SpecialTokens:
    """Return the ids that this tokenizer puts before and after one sequence.

    Raises:
        ConfigError: if the tokenizer is not a fast one.
    """
    with _plain(tokenizer) as backend:
        encoding = backend.encode(["a"], is_pretokenized=True)
    inside = [i for i, sequence in enumerate(encoding.sequence_ids) if sequence is not None]
    ids = encoding.ids
    return SpecialTokens(tuple(ids[: inside[0]]), tuple(ids[inside[-1] + 1 :]))


def fingerprint(tokenizer: PreTrainedTokenizerFast) -> str:
    """Return a SHA-256 that changes whenever the tokenizer may give other ids.

    Raises:
        ConfigError: if the tokenizer is not a fast one.
    """
    with _plain(tokenizer) as backend:
        state = f"{tokenizers.__version__} {backend.encode_special_tokens} {backend.to_str()}"
    return hashlib.sha256(state.encode()).hexdigest()


def encoding_key(
    sha256: str, config: DatasetConfig, types: Sequence[str], tokenizer_fingerprint: str
) -> dict[str, object]:
    """Return all that decides what `encode` makes of one split, as the key of its cache.

    Args:
        sha256: of the split's file.
        config: of the dataset; only the reader's settings count.
        types: the entity types in the order of the tag ids.
        tokenizer_fingerprint: what `fingerprint` gave.
    """
    reader = {name: getattr(config, name) for name in _READER_FIELDS}
    return {
        "version": ENCODING_VERSION,
        "sha256": sha256,
        "reader": reader,
        "segmenter": None if config.format == "conll" else segmenter(),
        "types": list(types),
        "tokenizer": tokenizer_fingerprint,
    }


def encode(
    sentences: Sequence[Sentence], tag_names: Sequence[str], tokenizer: PreTrainedTokenizerFast
) -> Encoded:
    """Tokenise a split: the ids of `tokenizer(words, is_split_into_words=True)`, no specials.

    Args:
        sentences: of the split, with legal IOB2 tags.
        tag_names: the tags in the order of their ids, as `tag_set` gives them.
        tokenizer: a fast tokenizer. It takes each word by itself, so a word is tokenised once.

    Raises:
        ConfigError: if the tokenizer is not a fast one.
        ValueError: if a sentence has a tag that is not in `tag_names`.
    """
    words = list(chain.from_iterable(sentence.words for sentence in sentences))
    number = {word: i for i, word in enumerate(dict.fromkeys(words))}
    word_ids = np.fromiter(map(number.__getitem__, words), dtype=np.int64, count=len(words))
    with _plain(tokenizer) as backend:
        distinct = [
            encoding.ids
            for encoding in backend.encode_batch_fast(
                [[word] for word in number], is_pretokenized=True, add_special_tokens=False
            )
        ]
    counts = np.fromiter(map(len, distinct), dtype=np.int32, count=len(distinct))
    pieces = np.fromiter(chain.from_iterable(distinct), dtype=np.int32, count=int(counts.sum()))
    piece_counts = counts[word_ids]
    return Encoded(
        pieces=pieces[ranges(starts_of(counts)[word_ids], piece_counts)],
        piece_counts=piece_counts,
        tags=_tag_ids(sentences, {tag: i for i, tag in enumerate(tag_names)}, len(words)),
        sentence_words=np.fromiter((len(s.words) for s in sentences), np.int32, len(sentences)),
    )


def _tag_ids(
    sentences: Sequence[Sentence], ids: Mapping[str, int], words: int
) -> NDArray[np.int16]:
    """Return the tag ids of all words, [words]."""
    tags = chain.from_iterable(sentence.tags for sentence in sentences)
    try:
        return np.fromiter(map(ids.__getitem__, tags), dtype=np.int16, count=words)
    except KeyError as error:
        raise ValueError(f"tag {error} is not among {', '.join(ids)}") from None
