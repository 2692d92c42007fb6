"""What a tokenizer is: its special tokens, its fingerprint, and its core without any padding."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import tokenizers

from bioner.errors import ConfigError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast


@dataclass(frozen=True)
class SpecialTokens:
    """The ids that a tokenizer puts before and after one sequence."""

    prefix: tuple[int, ...]
    suffix: tuple[int, ...]

    @property
    def count(self) -> int:
        """The number of them in a row."""
        return len(self.prefix) + len(self.suffix)

    def window(self, max_pieces: int) -> int:
        """Return how many pieces of words fit into a row.

        Args:
            max_pieces: pieces in one row, special tokens included.

        Raises:
            ConfigError: if no piece fits.
        """
        if max_pieces <= self.count:
            raise ConfigError(
                "encoder.max_pieces",
                f"{max_pieces} leaves no room beside {self.count} special tokens",
                f"at least {self.count + 1}",
            )
        return max_pieces - self.count


@contextmanager
def plain(tokenizer: PreTrainedTokenizerFast) -> Iterator[tokenizers.Tokenizer]:
    """Lend the backend tokenizer without truncation and padding, which its file may ask for.

    Raises:
        ConfigError: if the tokenizer is not a fast one.
    """
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
    with plain(tokenizer) as backend:
        encoding = backend.encode(["a"], is_pretokenized=True)
    inside = [i for i, sequence in enumerate(encoding.sequence_ids) if sequence is not None]
    ids = encoding.ids
    return SpecialTokens(tuple(ids[: inside[0]]), tuple(ids[inside[-1] + 1 :]))


def fingerprint(tokenizer: PreTrainedTokenizerFast) -> str:
    """Return a SHA-256 that changes whenever the tokenizer may give other ids.

    Raises:
        ConfigError: if the tokenizer is not a fast one.
    """
    with plain(tokenizer) as backend:
        state = f"{tokenizers.__version__} {backend.encode_special_tokens} {backend.to_str()}"
    return hashlib.sha256(state.encode()).hexdigest()
