"""What a tokenizer loses of a corpus."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from bioner.batches.tokens import encode
from bioner.corpora.sentence import Sentence

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast


@dataclass(frozen=True)
class TokenizerLoss:
    """What one tokenizer makes of one split.

    Attributes:
        words: in the split.
        lost_words: words that it makes no piece of; a model can't see them.
        long_words: words of more pieces than asked for.
        most_pieces: of one word.
        sentences: in the split.
        windowed_sentences: those with more pieces than one row holds, read in windows.
        examples: distinct lost words, the most frequent first.
    """

    words: int
    lost_words: int
    long_words: int
    most_pieces: int
    sentences: int
    windowed_sentences: int
    examples: list[str]


def tokenizer_loss(
    sentences: Sequence[Sentence],
    tag_names: Sequence[str],
    tokenizer: PreTrainedTokenizerFast,
    word_pieces: int,
    window: int,
    shown: int = 5,
) -> TokenizerLoss:
    """Tokenise a split as training does, and count what is lost.

    Args:
        sentences: of the split.
        tag_names: the tags in the order of their ids.
        tokenizer: a fast one.
        word_pieces: words of more pieces are counted as long.
        window: pieces of words that one row holds.
        shown: how many lost words are given as examples.
    """
    encoded = encode(sentences, tag_names, tokenizer)
    words = list(chain.from_iterable(sentence.words for sentence in sentences))
    lost = [words[place] for place in np.flatnonzero(encoded.piece_counts == 0)]
    by_frequency = [word for word, _ in Counter(lost).most_common(shown)]
    return TokenizerLoss(
        words=len(words),
        lost_words=encoded.lost,
        long_words=encoded.oversized(word_pieces),
        most_pieces=int(encoded.piece_counts.max(initial=0)),
        sentences=len(sentences),
        windowed_sentences=encoded.windowed(window),
        examples=by_frequency,
    )
