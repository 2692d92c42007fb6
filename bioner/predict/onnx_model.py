"""An exported model for ONNX Runtime, and what its rounding to 8 bits costs. The extra `onnx`."""

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from onnxruntime.quantization import QuantType, quantize_dynamic
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from bioner.batches.batch import Batch
from bioner.batches.scored import ScoredBatches, Shard
from bioner.batches.tokens import encode
from bioner.batches.window import Window
from bioner.corpora.sentence import Sentence
from bioner.corpora.sentence_table import ranges
from bioner.corpora.tags import OUTSIDE

PLAIN, ROUNDED = "model.onnx", "model.int8.onnx"


def write(model: PreTrainedModel, folder: Path) -> None:
    """Write `model.onnx`: input_ids and attention_mask, both [rows, pieces], to logits."""
    # Two tensors: the exporter takes one that is given twice for one input.
    example = {
        "input_ids": torch.ones(2, 8, dtype=torch.long),
        "attention_mask": torch.ones(2, 8, dtype=torch.long),
    }
    example["attention_mask"][1, 5:] = 0
    rows, pieces = torch.export.Dim("rows"), torch.export.Dim("pieces")
    sizes = {name: {0: rows, 1: pieces} for name in example}
    with _quiet("torch.onnx", "onnxscript", "onnx_ir"):
        torch.onnx.export(
            model,
            (),
            folder / PLAIN,
            kwargs=example,
            input_names=list(example),
            output_names=["logits"],
            dynamic_shapes=sizes,
            dynamo=True,
            external_data=False,
            verbose=False,
        )


def round_weights(folder: Path) -> None:
    """Write `model.int8.onnx` beside `model.onnx`: its matrices as 8-bit integers."""
    with _quiet("root"):
        quantize_dynamic(
            folder / PLAIN, folder / ROUNDED, per_channel=True, weight_type=QuantType.QInt8
        )


@contextmanager
def _quiet(*names: str) -> Iterator[None]:
    """Keep what exporters say of their own insides out of a user's log."""
    loggers = {name: logging.getLogger(name) for name in names}
    levels = {name: logger.level for name, logger in loggers.items()}
    for logger in loggers.values():
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for name, logger in loggers.items():
            logger.setLevel(levels[name])


def open_model(file: Path, threads: int = 0) -> onnxruntime.InferenceSession:
    """Return a session of what `write` or `round_weights` wrote; 0 threads: one for each core."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])


def tag(
    session: onnxruntime.InferenceSession,
    sentences: Sequence[Sentence],
    tokenizer: PreTrainedTokenizerFast,
    window: Window,
    tags: Sequence[str],
) -> list[tuple[str, ...]]:
    """Return the tags that a model gives to some sentences, read as in training.

    Args:
        session: from `open_model`.
        sentences: their own tags are not looked at.
        tokenizer: of the model.
        window: how rows are cut.
        tags: by id.
    """
    words = [Sentence(s.words, (OUTSIDE,) * len(s.words), s.line, s.document) for s in sentences]
    encoded = encode(words, (OUTSIDE,), tokenizer)
    found = np.zeros(len(encoded.tags), np.int64)
    for batch in ScoredBatches("", encoded, np.arange(len(sentences)), window, Shard()):
        if not len(batch.rows):
            continue
        ids, mask = _padded(batch, tokenizer.pad_token_id or 0)
        (logits,) = session.run(["logits"], {"input_ids": ids, "attention_mask": mask})
        starts = encoded.word_starts[batch.index.numpy()]
        places = ranges(starts, batch.lengths.numpy())[batch.kept.numpy()]
        found[places] = logits[mask.astype(bool)][batch.first.numpy()].argmax(-1)
    parts = np.split(found, encoded.word_starts[1:-1])
    return [tuple(tags[i] for i in part.tolist()) for part in parts[: len(words)]]


def _padded(batch: Batch, filler: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the ids and the mask of a batch's rows, both [rows, pieces of the longest]."""
    lengths = batch.rows.numpy()
    real = np.arange(lengths.max()) < lengths[:, None]
    ids = np.full(real.shape, filler, np.int64)
    ids[real] = batch.pieces.numpy()
    return ids, real.astype(np.int64)
