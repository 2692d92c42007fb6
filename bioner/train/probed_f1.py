"""How well a head does on devel when it has been fitted to the frozen encoder; kept on disk."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from bioner.batches.scored import ScoredBatches, Shard
from bioner.batches.tokens import Encoded
from bioner.batches.window import Window
from bioner.corpora.cache import cached
from bioner.model.metric import EntityCounts, scores
from bioner.model.network import Network
from bioner.model.word_vectors import hash_of, reading
from bioner.runs.percent import percent

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Counted:
    """Entities of each type, int64 [types]: see `EntityCounts`."""

    predicted: NDArray[np.int64]
    support: NDArray[np.int64]
    correct: NDArray[np.int64]


def probed_f1(
    folder: Path,
    key: Mapping[str, object],
    network: Network,
    name: str,
    devel: tuple[Encoded, NDArray[np.integer]],
    window: Window,
    device: torch.device,
) -> float:
    """Return the strict devel F1 of a task with the network as it is, and log it.

    The runs of a grid often have equal probes: the entities are counted once, and kept.

    Args:
        folder: of the cache.
        key: what beside its weights decides what the network says, as JSON values.
        network: on `device`.
        name: of the task.
        devel: its split, and which sentences of it are scored.
        window: how rows are cut.
        device: where it is computed.
    """
    tags, heads = network.bank.tags[name], network.bank.parts.state_dict()
    head = hash_of(heads[tensor] for tensor in network.bank.names([name]))
    read = reading(network.encoder, *devel, window.of(name), device)
    whole = {**key, **read, "head weights": head, "tags": tags}
    counts = EntityCounts([tag[2:] for tag in tags if tag.startswith("B-")])

    def counted() -> _Counted:
        _count(counts, network, ScoredBatches(name, *devel, window, Shard()), device)
        each = (counts.predicted, counts.support, counts.correct)
        return _Counted(*(one.cpu().numpy() for one in each))

    found = cached(folder, whole, _Counted, counted)
    predicted, support, correct = (int(each.sum()) for each in vars(found).values())
    f1 = scores(predicted, support, correct).f1
    log.info("%s: devel F1 %s with a head fitted to the frozen encoder", name, percent(f1))
    return f1


@torch.inference_mode()
def _count(
    counts: EntityCounts, network: Network, batches: ScoredBatches, device: torch.device
) -> None:
    counts.to(device)
    network.to(device).eval()
    for batch in batches:
        moved = batch.to(device)
        counts.update(moved.expand(network.decode(moved)), moved.gold, moved.lengths)
    network.train()
