"""How the heads of a stage start: fitted, or set, before the first update."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from numpy.typing import NDArray
from torch import Tensor

from bioner.batches.datamodule import ScoredBatches, Shard
from bioner.config.head import Start
from bioner.config.train import TrainConfig
from bioner.model.metric import EntityCounts
from bioner.model.network import Network
from bioner.model.pretrained import Pretrained
from bioner.model.probe import start_prior, start_probe
from bioner.model.word_vectors import cached_words
from bioner.runs.percent import percent
from bioner.train.stage import Stage
from bioner.train.tasks import Task

log = logging.getLogger(__name__)


class Probed(pl.Callback):
    """Keeps what the probes of a stage found, over the checkpoints that it goes on from.

    Attributes:
        f1: devel F1 of each scored task with its probe, before the first update; None where no
            head was probed.
    """

    def __init__(self) -> None:
        self.f1: dict[str, float] | None = None

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint keeps."""
        return {"f1": self.f1}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a checkpoint."""
        self.f1 = state_dict["f1"]


@dataclass(frozen=True)
class HeadStarter:
    """Starts heads of a stage.

    Attributes:
        config: of the run.
        pretrained: the encoder that the config names.
        device: where the encoder computes.
    """

    config: TrainConfig
    pretrained: Pretrained
    device: torch.device

    def start(
        self, network: Network, stage: Stage, fresh: Mapping[str, Tensor | None]
    ) -> dict[str, float] | None:
        """Start the fresh heads as the config says; the encoder stays as it is.

        Args:
            network: of the stage.
            stage: whose heads.
            fresh: the tasks whose heads are not carried over whole, with the tags whose rows
                are, Bool [tags], or None.

        Returns:
            Devel F1 of each scored one of these with its probe; None where no head is probed.
        """
        how, tasks = self.config.head.start, stage.tasks
        if how == Start.random or not fresh:
            return None
        if how == Start.prior:
            for name in (name for name, carried in fresh.items() if carried is None):
                task = tasks[name]
                tags = [task.encoded["train"].sentence_tags(int(i)) for i in task.used]
                head = network.bank.head(name)
                start_prior(head, np.concatenate(tags))
                network.bank.put(name, head)
            return None
        network.encoder.to(self.device)
        for name, carried in fresh.items():
            self._probe(network, name, tasks[name], carried)
        scored = [name for name in stage.scored if name in fresh]
        return {name: self._devel_f1(network, name, tasks[name]) for name in scored}

    def _probe(self, network: Network, name: str, task: Task, carried: Tensor | None) -> None:
        encoder = self.config.encoder
        key = {
            "encoder": self.pretrained.fingerprint,
            "layers": encoder.layers,
            "pooling": str(encoder.pooling),
            "packed": network.encoder.packed,
        }
        folder = Path(self.config.cache_dir) / "vectors"
        chosen = spread(task.used, self.config.head.probe_sentences)
        window, split = self.pretrained.window, task.encoded["train"]
        words = cached_words(folder, key, network.encoder, split, chosen, window, self.device)
        head = network.bank.head(name)
        start_probe(head, words, carried)
        network.bank.put(name, head)

    def _devel_f1(self, network: Network, name: str, task: Task) -> float:
        """Return the strict devel F1 of a task with the network as it is."""
        network.to(self.device).eval()
        counts = EntityCounts(task.corpus.types, sync_on_compute=False).to(self.device)
        devel, scored = task.encoded["devel"], task.scored["devel"]
        with torch.inference_mode():
            for batch in ScoredBatches(name, devel, scored, self.pretrained.window, Shard()):
                moved = batch.to(self.device)
                tags = moved.expand(network.decode(moved))
                counts.update(tags, moved.gold, moved.lengths)
        network.train()
        f1 = counts.compute().f1
        log.info("%s: devel F1 %s with a head fitted to the frozen encoder", name, percent(f1))
        return f1


def spread(sentences: NDArray[np.integer], most: int) -> NDArray[np.integer]:
    """Return at most so many of some sentences, at equal distances."""
    if len(sentences) <= most:
        return sentences
    return sentences[np.linspace(0, len(sentences) - 1, most).round().astype(np.int64)]
