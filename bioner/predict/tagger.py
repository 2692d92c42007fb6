"""The selected weights of a run at work: sentences in, tags and probabilities out.

Each head of a run was selected at a step of its own, together with the encoder of that step. Heads
whose encoders are equal, bit for bit, share one pass; every other head has a pass of its own.
"""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from transformers import PreTrainedTokenizerFast

from bioner.batches.batch import Batch
from bioner.batches.datamodule import ScoredBatches, Shard, Window
from bioner.batches.tokens import Encoded, encode, special_tokens
from bioner.corpora.sentence import Sentence
from bioner.corpora.sentence_table import ranges
from bioner.corpora.tags import OUTSIDE, tag_set
from bioner.errors import UserError
from bioner.model.encoder import Encoder, load_encoder, load_tokenizer, window_size
from bioner.model.heads import Head
from bioner.model.int8 import to_int8
from bioner.model.weights import Weights, load_weights, restore
from bioner.predict.finished import FinishedRun, build_head
from bioner.predict.hardware import INT8, Hardware, pick_hardware


class HeadsOnEncoder(nn.Module):
    """An encoder and the heads that were selected with these weights of it."""

    def __init__(self, encoder: Encoder, heads: Mapping[str, Head]) -> None:
        super().__init__()
        self.encoder = encoder
        self.heads = nn.ModuleDict(heads)
        self._heads = dict(heads)

    @torch.inference_mode()
    def forward(self, batch: Batch) -> dict[str, tuple[Tensor, Tensor]]:
        """Return each head's tag ids and their probabilities, Long and Float [words]."""
        vectors = self.encoder(batch)
        found = {}
        for name, head in self._heads.items():
            tags = head.decode(vectors, batch.words)
            probabilities = head.marginals(vectors, batch.words)
            found[name] = (tags, probabilities.gather(1, tags[:, None])[:, 0])
        return found


@dataclass(frozen=True)
class Tagged:
    """What one head makes of some sentences.

    Attributes:
        names: the tags in the order of their ids.
        ids: tag ids, int64 [all words]; O where the tokenizer lost the word.
        probabilities: of those tags, float64 [all words]; NaN where the tokenizer lost the word.
        starts: the place of each sentence's first word, int64 [sentences + 1].
    """

    names: tuple[str, ...]
    ids: NDArray[np.int64]
    probabilities: NDArray[np.float64]
    starts: NDArray[np.int64]

    def tags(self, sentence: int) -> tuple[str, ...]:
        """Return the tags of a sentence, one a word."""
        ids = self.ids[self.starts[sentence] : self.starts[sentence + 1]]
        return tuple(self.names[i] for i in ids.tolist())


@dataclass(frozen=True)
class Tagger:
    """Tags sentences with some heads of a run.

    Attributes:
        tokenizer: of the encoders.
        window: how rows are cut.
        tags: the tags of each head, by id.
        encoders: each with the heads that share it.
        hardware: where these are, and how precisely they compute.
    """

    tokenizer: PreTrainedTokenizerFast
    window: Window
    tags: Mapping[str, tuple[str, ...]]
    encoders: Sequence[HeadsOnEncoder]
    hardware: Hardware

    def tag(self, sentences: Sequence[Sentence]) -> dict[str, Tagged]:
        """Return what each head makes of the sentences; their own tags are not looked at."""
        words = [Sentence(s.words, (OUTSIDE,) * len(s.words), s.line) for s in sentences]
        encoded = encode(words, (OUTSIDE,), self.tokenizer)
        size = len(encoded.tags)
        found = {
            head: Tagged(
                names, np.zeros(size, np.int64), np.full(size, np.nan), encoded.word_starts
            )
            for head, names in self.tags.items()
        }
        batches = ScoredBatches("", encoded, np.arange(len(sentences)), self.window, Shard())
        # One context for all batches: it keeps the weights that it has rounded.
        with self.hardware.computing():
            for batch in batches:
                self._take(encoded, batch, found)
        return found

    def _take(self, encoded: Encoded, batch: Batch, found: Mapping[str, Tagged]) -> None:
        """Write what the heads make of a batch where its words stand."""
        starts = encoded.word_starts[batch.index.numpy()]
        places = ranges(starts, batch.lengths.numpy())[batch.kept.numpy()]
        moved = batch.to(self.hardware.device)
        for encoder in self.encoders:
            for head, (ids, probabilities) in encoder(moved).items():
                found[head].ids[places] = ids.cpu().numpy()
                found[head].probabilities[places] = probabilities.double().cpu().numpy()


def load_tagger(
    run: FinishedRun, heads: Sequence[str], device: str = "auto", precision: str = "auto"
) -> Tagger:
    """Load some heads of a run, each with the encoder that was selected with it.

    Args:
        run: a finished run.
        heads: of the run.
        device: see `pick_hardware`, as for `precision`.
        precision: see `device`.

    Raises:
        UserError: weights that are damaged or are not those of this config, or no such device.
    """
    hardware = pick_hardware(device, precision, run.record.precision)
    config = run.config.encoder
    tokenizer = load_tokenizer(config)
    window = Window(special_tokens(tokenizer), window_size(config, tokenizer), config.overlap)
    selected = {head: _selected(run, head) for head in heads}
    tags = {head: weights.tags[head] for head, weights in selected.items()}
    fresh, encoders = load_encoder(config), []
    for shared in _sharing(selected):
        encoder = copy.deepcopy(fresh)
        built = {h: build_head(run.config.head, encoder.hidden, tags[h]) for h in shared}
        module = HeadsOnEncoder(encoder, built)
        for head in shared:
            _restore(module, selected[head], head)
        if hardware.precision == INT8:
            to_int8(module.encoder)
        encoders.append(module.to(hardware.device).eval())
    return Tagger(tokenizer, window, tags, encoders, hardware)


def _selected(run: FinishedRun, head: str) -> Weights:
    """Load the weights of a head and check that they are its own."""
    weights = load_weights(run.weights[head])
    tags = weights.tags.get(head, ())
    if len(tags) < 3 or tags != tag_set([tag[2:] for tag in tags[1::2]]):
        raise UserError(f"{run.weights[head]}: holds no tags of a head {head!r}")
    return weights


def _sharing(selected: Mapping[str, Weights]) -> list[list[str]]:
    """Put heads together whose encoders are equal."""
    groups: list[list[str]] = []
    for head, weights in selected.items():
        for group in groups:
            if _same_encoder(selected[group[0]], weights):
                group.append(head)
                break
        else:
            groups.append([head])
    return groups


def _same_encoder(first: Weights, second: Weights) -> bool:
    ours, theirs = (
        {n: t for n, t in weights.tensors.items() if n.startswith("encoder.")}
        for weights in (first, second)
    )
    return ours.keys() == theirs.keys() and all(torch.equal(ours[n], theirs[n]) for n in ours)


def _restore(module: HeadsOnEncoder, weights: Weights, head: str) -> None:
    """Put the selected weights in; every tensor of the encoder and of the head must be there."""
    wanted = ("encoder.", f"heads.{head}.")
    lacking = [
        name
        for name in module.state_dict()
        if name.startswith(wanted) and name not in weights.tensors
    ]
    if lacking:
        raise UserError(f"{weights.file}: lacks {len(lacking)} tensors, e.g. {lacking[0]}")
    restore(module, weights)
