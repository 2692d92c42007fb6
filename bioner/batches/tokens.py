"""Words to token ids: one split as flat arrays, each distinct word tokenised once. No torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bioner.batches.tokenizer import plain
from bioner.corpora.document_groups import document_numbers
from bioner.corpora.sentence import Sentence
from bioner.corpora.sentence_table import Table, ranges, starts_of

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

# To be raised when the encoding gives something else for the same sentences and settings.
ENCODING_VERSION = 3

_AT_A_TIME = 100_000  # sentences whose pieces are in memory together


@dataclass(frozen=True)
class Encoded:
    """One split of a dataset as a tokenizer sees it.

    The arrays may be mapped from disk, and larger than the memory: nothing here goes through all
    words or pieces. `Encoded.of` fills the counts of sentences and words.

    Attributes:
        pieces: int32 [pieces], the token ids of all words in order, no special tokens.
        piece_counts: int32 [words], pieces of each word; 0 where the tokenizer lost it.
        tags: int16 [words], gold tag ids in the order of `tag_set`: O is 0, B- is odd, I- is even.
        sentence_words: int32 [sentences], words of each sentence.
        sentence_pieces: int32 [sentences], pieces of each sentence.
        words_by_pieces: int64 [most pieces of a word + 1], how many words have so many pieces.
        documents: int32 [sentences], the number of each sentence's document; where the file marks
            none, each sentence is one.
        syntax: int16 [words, 4], see `bioner.batches.syntax`; [words, 0] where nobody parsed them.
    """

    pieces: NDArray[np.int32]
    piece_counts: NDArray[np.int32]
    tags: NDArray[np.int16]
    sentence_words: NDArray[np.int32]
    sentence_pieces: NDArray[np.int32]
    words_by_pieces: NDArray[np.int64]
    documents: NDArray[np.int32]
    syntax: NDArray[np.int16]

    @classmethod
    def of(
        cls,
        pieces: NDArray[np.int32],
        piece_counts: NDArray[np.int32],
        tags: NDArray[np.int16],
        sentence_words: NDArray[np.int32],
        documents: NDArray[np.int32] | None = None,
        syntax: NDArray[np.int16] | None = None,
    ) -> Encoded:
        """Return the split of these arrays, with what is counted from them.

        Without `documents` each sentence is one, and without `syntax` nothing is parsed.
        """
        of_sentences = np.diff(starts_of(piece_counts)[starts_of(sentence_words)])
        by_pieces = np.bincount(piece_counts, minlength=1)
        if documents is None:
            documents = np.arange(len(sentence_words), dtype=np.int32)
        return cls(
            pieces,
            piece_counts,
            tags,
            sentence_words,
            of_sentences.astype(np.int32),
            by_pieces,
            documents,
            np.zeros((len(tags), 0), np.int16) if syntax is None else syntax,
        )

    def followed_by(self, other: Encoded) -> Encoded:
        """Return the sentences of this split and behind them those of another, in memory."""
        names = ("pieces", "piece_counts", "tags", "sentence_words")
        both = [(getattr(self, name), getattr(other, name)) for name in names]
        both.append((self.documents, other.documents + (self.documents.max(initial=-1) + 1)))
        both.append((self.syntax, other.syntax))
        return Encoded.of(*map(np.concatenate, both))

    @cached_property
    def word_starts(self) -> NDArray[np.int64]:
        """The place in `tags` of each sentence's first word, [sentences + 1]."""
        return starts_of(self.sentence_words)

    @cached_property
    def piece_starts(self) -> NDArray[np.int64]:
        """The place in `pieces` of each sentence's first piece, [sentences + 1]."""
        return starts_of(self.sentence_pieces)

    def sentence_tags(self, sentence: int) -> NDArray[np.int16]:
        """Return the gold tag ids of one sentence, int16 [words]."""
        return self.tags[self.word_starts[sentence] : self.word_starts[sentence + 1]]

    def vocabulary(self, sentences: NDArray[np.integer]) -> set[int]:
        """Return the ids of the pieces of these sentences."""
        found: set[int] = set()
        for part in np.array_split(sentences, len(sentences) // _AT_A_TIME + 1):
            places = ranges(self.piece_starts[part], self.sentence_pieces[part])
            found.update(np.unique(self.pieces[places]).tolist())
        return found

    @property
    def lost(self) -> int:
        """The number of words that the tokenizer made no piece of."""
        return int(self.words_by_pieces[0])

    def oversized(self, window: int) -> int:
        """Return how many words have more pieces than a window (`SpecialTokens.window`) holds."""
        return int(self.words_by_pieces[window + 1 :].sum())

    def windowed(self, window: int) -> int:
        """Return how many sentences have more pieces than a window holds, and so need several."""
        return int(np.count_nonzero(self.sentence_pieces > window))


def kept_tags(tags: NDArray[np.int16], piece_counts: NDArray[np.integer]) -> NDArray[np.int16]:
    """Return gold tags that are legal IOB2 when the lost words are left out, int16 [words].

    An I- whose mention's earlier words were all lost is a B-; the value at a lost word is 0.

    Args:
        tags: gold tag ids of whole sentences, one after the other, [words].
        piece_counts: pieces of each word, 0 where it is lost, [words].
    """
    kept = np.flatnonzero(piece_counts)
    left = tags[kept]
    # Every B- opens a mention, so an I- belongs to the mention of the last B- before it.
    mention = np.cumsum(tags % 2)[kept]
    continues = np.zeros(len(kept), dtype=bool)
    continues[1:] = (left[:-1] > 0) & (mention[1:] == mention[:-1])
    orphan = (left > 0) & (left % 2 == 0) & ~continues
    legal = np.zeros_like(tags)
    legal[kept] = left - orphan
    return legal


def encoding_key(
    reading: Mapping[str, object], types: Sequence[str], tokenizer_fingerprint: str
) -> dict[str, object]:
    """Return all that decides what `encode` makes of one split, as the key of its cache.

    Args:
        reading: all that decides the sentences, as `bioner.corpora.sentence_key` gives it.
        types: the entity types in the order of the tag ids.
        tokenizer_fingerprint: what `fingerprint` gave.
    """
    return {
        "version": ENCODING_VERSION,
        "reading": dict(reading),
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
    table = Table.of(sentences)
    with plain(tokenizer) as backend:
        distinct = [
            encoding.ids
            for encoding in backend.encode_batch_fast(
                [[word] for word in table.vocabulary],
                is_pretokenized=True,
                add_special_tokens=False,
            )
        ]
    counts = np.fromiter(map(len, distinct), dtype=np.int32, count=len(distinct))
    pieces = np.fromiter(chain.from_iterable(distinct), dtype=np.int32, count=int(counts.sum()))
    piece_counts = counts[table.word_ids]
    return Encoded.of(
        pieces=pieces[ranges(starts_of(counts)[table.word_ids], piece_counts)],
        piece_counts=piece_counts,
        tags=_tag_ids(table, {tag: i for i, tag in enumerate(tag_names)}),
        sentence_words=np.array(table.sentence_words),
        documents=document_numbers(table).astype(np.int32),
    )


def _tag_ids(table: Table, ids: Mapping[str, int]) -> NDArray[np.int16]:
    """Return the tag ids of all words, [words]."""
    try:
        return np.array([ids[tag] for tag in table.tag_names], dtype=np.int16)[table.tag_ids]
    except KeyError as error:
        raise ValueError(f"tag {error} is not among {', '.join(ids)}") from None
