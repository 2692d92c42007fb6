"""The selected weights of a run at work: sentences in, tags and probabilities out.

Each head of a run was selected at a step of its own, together with the encoder of that step. Heads
whose weights are equal, bit for bit, in all that they both have share one network and one pass;
every other head has a pass of its own.
"""

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers import PreTrainedTokenizerFast

from bioner.batches.batch import Batch
from bioner.batches.scored import ScoredBatches, Shard
from bioner.batches.syntax import check_parser, parse
from bioner.batches.tokens import Encoded, encode
from bioner.batches.window import Window
from bioner.corpora.sentence import Sentence
from bioner.corpora.sentence_table import ranges
from bioner.corpora.tags import OUTSIDE, tag_set
from bioner.errors import UserError
from bioner.model.bank import build_bank
from bioner.model.encoder import Encoder
from bioner.model.encoder_loading import load_encoder
from bioner.model.int8 import to_int8
from bioner.model.network import Network
from bioner.model.pretrained import Pretrained
from bioner.model.weights import Weights, load_weights
from bioner.predict.device import INT8, Hardware, pick_hardware
from bioner.predict.finished import FinishedRun, build_head

_Passes = Mapping[tuple[str, ...], Network]


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
        networks: each with the heads that are read off it.
        hardware: where these are, and how precisely they compute.
        parsed: whether they read what a parser says of the words too.
    """

    tokenizer: PreTrainedTokenizerFast
    window: Window
    tags: Mapping[str, tuple[str, ...]]
    networks: Mapping[tuple[str, ...], Network]
    hardware: Hardware
    parsed: bool = False

    def tag(self, sentences: Sequence[Sentence]) -> dict[str, Tagged]:
        """Return what each head makes of the sentences; their own tags are not looked at.

        Where a row holds neighbours, these are sentences of the same `document` in a row.
        """
        words = [
            Sentence(s.words, (OUTSIDE,) * len(s.words), s.line, s.document) for s in sentences
        ]
        encoded = encode(words, (OUTSIDE,), self.tokenizer)
        if self.parsed:
            encoded = replace(encoded, syntax=parse(words).words)
        size = len(encoded.tags)
        found = {
            head: Tagged(
                names, np.zeros(size, np.int64), np.full(size, np.nan), encoded.word_starts
            )
            for head, names in self.tags.items()
        }
        every = np.arange(len(sentences))
        # One context for all batches: it keeps the weights that it has rounded.
        with self.hardware.computing():
            for window, passes in self._passes():
                for batch in ScoredBatches("", encoded, every, window, Shard()):
                    self._take(encoded, batch, passes, found)
        return found

    def _passes(self) -> Iterator[tuple[Window, _Passes]]:
        """Yield what is read in the same rows: heads with markers have rows of their own."""
        plain = {h: n for h, n in self.networks.items() if not n.encoder.markers}
        if plain:
            yield self.window, plain
        for heads, network in self.networks.items():
            if network.encoder.markers:
                window = network.encoder.window(self.window)
                for head in heads:
                    yield window.of(head), {(head,): network}

    def _take(
        self, encoded: Encoded, batch: Batch, passes: _Passes, found: Mapping[str, Tagged]
    ) -> None:
        """Write what some heads make of a batch where its words stand."""
        starts = encoded.word_starts[batch.index.numpy()]
        places = ranges(starts, batch.lengths.numpy())[batch.kept.numpy()]
        moved = batch.to(self.hardware.device)
        for heads, network in passes.items():
            for head, (ids, probabilities) in _read(network, heads, moved).items():
                found[head].ids[places] = ids.cpu().numpy()
                found[head].probabilities[places] = probabilities.double().cpu().numpy()


@torch.inference_mode()
def _read(network: Network, heads: Sequence[str], batch: Batch) -> dict[str, tuple[Tensor, Tensor]]:
    """Return the tag ids of some heads and their probabilities, Long and Float [words]."""
    vectors = network.encoder(batch)
    found = {}
    for head in heads:
        tags = network.bank.decode(head, vectors, batch.words)
        probabilities = network.bank.marginals(head, vectors, batch.words)
        found[head] = (tags, probabilities.gather(1, tags[:, None])[:, 0])
    return found


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
    if parsed := bool(run.config.encoder.syntax.kinds):
        check_parser()
    pretrained = Pretrained(run.config.encoder, run.fetch)
    window = pretrained.window
    selected = {head: _selected(run, head) for head in heads}
    tags = {head: weights.tags[head] for head, weights in selected.items()}
    fresh, networks = load_encoder(pretrained), {}
    for shared in _sharing(selected):
        network = _network(run, copy.deepcopy(fresh), [selected[head] for head in shared])
        if hardware.precision == INT8:
            to_int8(network.encoder)
        networks[tuple(shared)] = network.to(hardware.device).eval()
    return Tagger(pretrained.tokenizer, window, tags, networks, hardware, parsed)


def _network(run: FinishedRun, encoder: Encoder, weights: Sequence[Weights]) -> Network:
    """Make the network of a run's config with the heads of some files, and their weights."""
    tags = {task: names for one in weights for task, names in one.tags.items()}
    encoder.mark(tags)
    encoder.attend_to_syntax()
    make = partial(build_head, run.config.head, encoder.hidden)
    network = Network(encoder, build_bank(run.config.head, tags, lambda name, names: make(names)))
    for one in weights:
        network.load(one)
    encoder.merge_adapter()
    return network


def _selected(run: FinishedRun, head: str) -> Weights:
    """Load the weights of a head and check that they are its own."""
    weights = load_weights(run.weights[head])
    tags = weights.tags.get(head, ())
    if len(tags) < 3 or tags != tag_set([tag[2:] for tag in tags[1::2]]):
        raise UserError(f"{run.weights[head]}: holds no tags of a head {head!r}")
    return weights


def _sharing(selected: Mapping[str, Weights]) -> list[list[str]]:
    """Put heads together whose weights fit into one network."""
    groups: list[list[str]] = []
    for head, weights in selected.items():
        for group in groups:
            if all(_agree(selected[other], weights) for other in group):
                group.append(head)
                break
        else:
            groups.append([head])
    return groups


def _agree(first: Weights, second: Weights) -> bool:
    """Whether all tensors that both have are equal, the encoder's among them."""
    both = first.tensors.keys() & second.tensors.keys()
    return all(torch.equal(first.tensors[name], second.tensors[name]) for name in both)
