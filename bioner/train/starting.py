"""How the heads of a stage start: fitted, or set, before the first update."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from numpy.typing import NDArray
from torch import Tensor

from bioner.batches.window import Window
from bioner.config.head import Start
from bioner.config.train import TrainConfig
from bioner.model.bank import Fit
from bioner.model.network import Network
from bioner.model.pretrained import Pretrained
from bioner.model.probe import start_prior, start_probe
from bioner.model.word_vectors import WordVectors, cached_words
from bioner.train.probed_f1 import probed_f1
from bioner.train.stage import Stage
from bioner.train.tasks import Task


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
            Devel F1 of each scored one of these with its probe, but for those whose devel is
            trained on; None where no head is probed.
        """
        how, tasks = self.config.head.start, stage.tasks
        if how == Start.random or not fresh:
            return None
        fits = [fit for fit in network.bank.fits() if fit.places.keys() & fresh.keys()]
        if how == Start.prior:
            for fit in fits:
                if all(name in fresh and fresh[name] is None for name in fit.places):
                    start_prior(fit.head, np.concatenate([*_tags(fit, tasks)]))
                    network.bank.put(fit)
            return None
        network.encoder.to(self.device)
        window = self.pretrained.window_for(stage.tags)
        for fit in fits:
            self._probe(network, fit, tasks, fresh, window)
        scored = [n for n in stage.scored if n in fresh and not tasks[n].devel_too]
        return {name: self._devel_f1(network, name, tasks[name], window) for name in scored}

    def _devel_f1(self, network: Network, name: str, task: Task, window: Window) -> float:
        key = {**self._kind(network), "head": asdict(self.config.head)}
        folder = Path(self.config.cache_dir) / "probes"
        devel = (task.encoded["devel"], task.scored["devel"])
        return probed_f1(folder, key, network, name, devel, window, self.device)

    def _probe(
        self,
        network: Network,
        fit: Fit,
        tasks: Mapping[str, Task],
        fresh: Mapping[str, Tensor | None],
        window: Window,
    ) -> None:
        words = {name: self._words(network, name, tasks[name], window) for name in fit.places}
        together, masked = fitted_together(fit, words)
        start_probe(fit.head, together, carried_rows(fit, fresh), masked)
        network.bank.put(fit)

    def _words(self, network: Network, name: str, task: Task, window: Window) -> WordVectors:
        """Return the vectors of the train words of a task that a probe is fitted to."""
        folder = Path(self.config.cache_dir) / "vectors"
        chosen = spread(task.used, self.config.head.probe_sentences)
        split, window = task.training, window.of(name)
        key = self._kind(network)
        return cached_words(folder, key, network.encoder, split, chosen, window, self.device)

    def _kind(self, network: Network) -> dict[str, object]:
        """Return what beside its weights decides how the encoder reads words."""
        encoder = self.config.encoder
        found: dict[str, object] = {
            "encoder": self.pretrained.fingerprint,
            "layers": encoder.layers,
            "pooling": str(encoder.pooling),
            "packed": network.encoder.packed,
        }
        if encoder.syntax.kinds:  # kinds that are summed or concatenated have equal weights
            found["syntax"] = asdict(encoder.syntax)
        if encoder.adapter.kind is not None:  # its weights are scaled by an option
            found["adapter"] = asdict(encoder.adapter)
        return found


def fitted_together(
    fit: Fit, words: Mapping[str, WordVectors]
) -> tuple[WordVectors, Tensor | None]:
    """Return the words of all tasks of a fit under its head's tag ids, and what they can't have.

    Args:
        fit: of some tasks.
        words: of each of these tasks, with its own tag ids.

    Returns:
        The words task after task, and the tags that their task does not know, Bool [words, tags];
        None where each task knows all.
    """
    masks = []
    for name, places in fit.places.items():
        unknown = torch.ones(len(fit.head.tags), dtype=torch.bool)
        unknown[places] = False
        masks.append(unknown.expand(len(words[name].tags), -1))
    together = WordVectors(
        np.concatenate([words[name].vectors for name in fit.places]),
        np.concatenate([at.numpy()[words[name].tags] for name, at in fit.places.items()]),
        np.concatenate([words[name].lengths for name in fit.places]),
    )
    masked = torch.cat(masks)
    return together, masked if masked.any() else None


def carried_rows(fit: Fit, fresh: Mapping[str, Tensor | None]) -> Tensor | None:
    """Return which tags' rows of a fit's head are carried over, Bool [tags]; None: no row."""
    carried = torch.zeros(len(fit.head.tags), dtype=torch.bool)
    for name, places in fit.places.items():
        rows = fresh.get(name, torch.ones(len(places), dtype=torch.bool))
        if rows is not None:
            carried[places[rows]] = True
    return carried if carried.any() else None


def _tags(fit: Fit, tasks: Mapping[str, Task]) -> Iterator[NDArray[np.int64]]:
    """Yield the tags of the used train sentences of the tasks of a fit, as its head has them."""
    for name, places in fit.places.items():
        task = tasks[name]
        for i in task.used:
            yield places.numpy()[task.training.sentence_tags(int(i))]


def spread(sentences: NDArray[np.integer], most: int) -> NDArray[np.integer]:
    """Return at most so many of some sentences, at equal distances."""
    if len(sentences) <= most:
        return sentences
    return sentences[np.linspace(0, len(sentences) - 1, most).round().astype(np.int64)]
