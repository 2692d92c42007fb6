"""The vectors that a frozen encoder gives the words of some sentences, kept on disk."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bioner.batches.scored import ScoredBatches, Shard
from bioner.batches.tokens import Encoded
from bioner.batches.window import Window
from bioner.corpora.cache import cached
from bioner.corpora.sentence_table import ranges, starts_of
from bioner.model.attention import FLASH
from bioner.model.encoder import Encoder

# To be raised when the same encoder gives other vectors for the same words.
VECTORS_VERSION = 1


@dataclass(frozen=True)
class WordVectors:
    """The words that the tokenizer has pieces for, sentence after sentence.

    Attributes:
        vectors: float32 [words, hidden].
        tags: gold tag ids, legal IOB2 among these words, int64 [words].
        lengths: such words of each sentence, int64 [sentences]; may be 0.
    """

    vectors: NDArray[np.float32]
    tags: NDArray[np.int64]
    lengths: NDArray[np.int64]


@torch.inference_mode()
def read_words(
    encoder: Encoder,
    encoded: Encoded,
    sentences: NDArray[np.integer],
    window: Window,
    device: torch.device | str = "cpu",
) -> WordVectors:
    """Run an encoder once over some sentences, in evaluation mode and float32.

    Args:
        encoder: on `device`; its mode is left as it was.
        encoded: the split.
        sentences: their places in the split, each once, [sentences]; the result has their order.
        window: how rows are cut.
        device: where it is computed; the result is in the main memory.
    """
    training = encoder.training
    encoder.eval()
    # The kernels of flash-attn have no others.
    half = encoder.transformer.config._attn_implementation == FLASH
    parts = []
    for batch in ScoredBatches("", encoded, np.asarray(sentences), window, Shard()):
        with torch.autocast(torch.device(device).type, torch.bfloat16, enabled=half):
            vectors = encoder(batch.to(device)).float().cpu().numpy()
        parts.append((batch.index.numpy(), batch.words.numpy(), batch.tags.numpy(), vectors))
    encoder.train(training)
    index, lengths, tags, vectors = (np.concatenate(part) for part in zip(*parts, strict=True))
    back = np.argsort(index)[np.argsort(np.argsort(sentences))]
    words = ranges(starts_of(lengths)[back], lengths[back])
    return WordVectors(vectors[words], tags[words], lengths[back])


def cached_words(
    folder: Path,
    key: Mapping[str, object],
    encoder: Encoder,
    encoded: Encoded,
    sentences: NDArray[np.integer],
    window: Window,
    device: torch.device | str = "cpu",
) -> WordVectors:
    """Return what `read_words` gives, from disk where it was made before.

    Args:
        folder: of the cache.
        key: what beside its weights decides how the encoder reads words, as JSON values.
        encoder: see `read_words`, as for the others.
        encoded: see `encoder`.
        sentences: see `encoder`.
        window: see `encoder`.
        device: see `encoder`.
    """
    whole = {**key, **reading(encoder, encoded, sentences, window, device)}
    return cached(
        folder, whole, WordVectors, lambda: read_words(encoder, encoded, sentences, window, device)
    )


def reading(
    encoder: Encoder,
    encoded: Encoded,
    sentences: NDArray[np.integer],
    window: Window,
    device: torch.device | str,
) -> dict[str, object]:
    """Return, as JSON values, what beside its kind decides the vectors that an encoder gives.

    Args:
        encoder: see `read_words`, as for the others.
        encoded: see `encoder`.
        sentences: see `encoder`.
        window: see `encoder`.
        device: see `encoder`.
    """
    places = np.asarray(sentences, dtype=np.int64)
    return {
        "version": VECTORS_VERSION,
        "weights": hash_of(encoder.state_dict().values()),
        "sentences": _hash(_contents(encoded, places)),
        "window": _window(encoded, places, window),
        # The last bits of a product depend on these.
        "torch": [torch.__version__, torch.device(device).type, torch.get_num_threads()],
    }


def hash_of(tensors: Iterable[Tensor]) -> str:
    """Return the SHA-256 of the values of some tensors, in their order."""
    return _hash(tensor.detach().cpu().numpy() for tensor in tensors)


def _window(encoded: Encoded, places: NDArray[np.int64], window: Window) -> dict[str, object]:
    """Return what decides how some sentences are laid out; rows here have no task."""
    cut = {n: one for n, one in asdict(window).items() if n not in ("marked", "documents")}
    if not window.documents:
        return cut
    return {**cut, "stretches": window.stretches("", encoded, places).starts.tolist()}


def _contents(encoded: Encoded, places: NDArray[np.int64]) -> Iterator[NDArray[Any]]:
    """Yield all that is read of some sentences of a split."""
    words, pieces = encoded.sentence_words[places], encoded.sentence_pieces[places]
    in_words = ranges(encoded.word_starts[places], words)
    yield words
    yield encoded.piece_counts[in_words]
    yield encoded.tags[in_words]
    if encoded.syntax.shape[1]:
        yield encoded.syntax[in_words]
    yield encoded.pieces[ranges(encoded.piece_starts[places], pieces)]


def _hash(arrays: Iterable[NDArray[Any]]) -> str:
    sha256 = hashlib.sha256()
    for array in arrays:
        sha256.update(f"{array.dtype} {array.shape}".encode())
        sha256.update(array.tobytes())
    return sha256.hexdigest()
