"""The vectors that a frozen encoder gives the words of some sentences, kept on disk."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from bioner.batches.datamodule import ScoredBatches, Shard, Window
from bioner.batches.tokens import Encoded
from bioner.corpora.cache import cached
from bioner.corpora.sentence_table import ranges, starts_of
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
    parts = []
    for batch in ScoredBatches("", encoded, np.asarray(sentences), window, Shard()):
        with torch.autocast(torch.device(device).type, enabled=False):
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
        key: what decides the encoder's weights and how it reads words off them, and the split's
            pieces: its fingerprint and config, a hash of the stage's weights, `encoding_key`.
        encoder: see `read_words`, as for the others.
        encoded: see `encoder`.
        sentences: see `encoder`.
        window: see `encoder`.
        device: see `encoder`.
    """
    places = np.ascontiguousarray(sentences, dtype=np.int64)
    whole = {
        **key,
        "version": VECTORS_VERSION,
        "sentences": hashlib.sha256(places.tobytes()).hexdigest(),
        "window": asdict(window),
        # The last bits of a product depend on these.
        "torch": [torch.__version__, torch.device(device).type, torch.get_num_threads()],
    }
    return cached(
        folder, whole, WordVectors, lambda: read_words(encoder, encoded, places, window, device)
    )
