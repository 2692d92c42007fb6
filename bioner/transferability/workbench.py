"""What measures are computed from, made once for each dataset and shared by all of them."""

import logging
from collections.abc import Callable, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np
import torch
from numpy.typing import NDArray

from bioner.batches.tokenizer import fingerprint
from bioner.batches.tokens import Encoded
from bioner.config.measure import MeasureConfig, stage_config
from bioner.corpora.catalogue import Corpus, load_corpus
from bioner.corpora.subset import subset
from bioner.model.bank import build_bank
from bioner.model.encoder import Encoder
from bioner.model.encoder_loading import load_encoder
from bioner.model.heads import Head, make_head
from bioner.model.network import Network
from bioner.model.pretrained import Pretrained
from bioner.model.weights import Weights, load_weights
from bioner.train.earlier import earlier_stage, find_trained
from bioner.train.stage_kinds import asked_stages
from bioner.train.tasks import Task, encode_corpus
from bioner.transferability.affinity import JointTask, read_joint
from bioner.transferability.backward import fit_head, push
from bioner.transferability.gradients import Gradients
from bioner.transferability.language import LanguageProfile
from bioner.transferability.linearised import Linearised
from bioner.transferability.registry import NotDefinedError
from bioner.transferability.text_profile import TextProfile
from bioner.transferability.view import TunedPair, View, ViewName, make_view
from bioner.transferability.word_gradients import linearise
from bioner.transferability.word_sample import Sample, Score, Tokens, draw, read

log = logging.getLogger(__name__)
Made = TypeVar("Made")

# Words of a target on which n-gram models are tried.
_LANGUAGE_WORDS = 20_000


class NoStageError(Exception):
    """A source's stage is not in the store, and training it was not asked for."""


class Workbench:
    """Loads datasets and models, and keeps what was made of them.

    Args:
        config: of `bioner measure`.

    Attributes:
        corpora: every dataset that is named, under its name.

    Raises:
        UserError: a corpus or an encoder that can't be read.
    """

    def __init__(self, config: MeasureConfig) -> None:
        self._config = config
        folder = Path(config.datasets_dir)
        read = Path(config.cache_dir) / "sentences"
        self.corpora: dict[str, Corpus] = {
            name: load_corpus(name, one, folder, config.datasets_mirror, cache=read)
            for name, one in config.dataset.items()
        }
        for name, corpus in self.corpora.items():
            for warning in corpus.warnings:
                log.warning("%s: %s", name, warning)
        joint = {} if config.joint is None else read_joint(Path(config.joint), self.corpora)
        self._pretrained = Pretrained(config.encoder)
        self._kept: dict[tuple[Any, ...], Any] = {}
        self._makers: dict[type, Callable[[str, bool], Any]] = {
            TextProfile: self._text,
            LanguageProfile: self._language,
            Tokens: self._untrained,
            Gradients: partial(self._backwards, push),
            Linearised: partial(self._backwards, linearise),
            JointTask: lambda name, as_target: joint[name],
        }
        self._tuned_makers: dict[type, Callable[[str, str, ViewName], Any]] = {
            View: self._view_of_target,
            TunedPair: self._tuned_pair,
        }

    def profile(self, kind: type, name: str, as_target: bool) -> Any:
        """Return what measures of this kind read of a dataset.

        Args:
            kind: `Measure.reads`.
            name: of the dataset.
            as_target: a target may show fewer sentences than the same dataset as a source.
        """
        size = self._config.target_size if as_target else self._config.pretrain.train_size
        maker = self._makers[kind]
        return self._once((kind, name, size), lambda: maker(name, as_target))

    def tuned(self, kind: type, source: str, target: str, view: ViewName) -> Any:
        """Return what measures of this kind read of a pair by the source-tuned model.

        Args:
            kind: `Measure.reads`, one of `bioner.transferability.view.TUNED`.
            source: whose stage the model is of.
            target: the other dataset.
            view: which words.

        Raises:
            NoStageError: the source's stage is not there.
            NotDefinedError: a view has one label alone.
        """
        return self._tuned_makers[kind](source, target, view)

    def forget_source(self, source: str) -> None:
        """Free what is kept of a source's stage."""
        for key in [key for key in self._kept if key[0] in ("tuned", "stage") and key[1] == source]:
            del self._kept[key]

    def _once(self, key: tuple[Any, ...], make: Callable[[], Made]) -> Made:
        if key not in self._kept:
            self._kept[key] = make()
        return cast(Made, self._kept[key])

    def _used(self, name: str, as_target: bool) -> NDArray[np.int64]:
        config = self._config
        size = config.target_size if as_target else config.pretrain.train_size
        key = "target_size" if as_target else "pretrain.train_size"
        train = self.corpora[name].splits["train"].sentences
        return subset(train, size, config.subset_seed, config.subset_unit, key)

    def _text(self, name: str, as_target: bool) -> TextProfile:
        splits = self.corpora[name].splits
        train = [splits["train"].sentences[i] for i in self._used(name, as_target)]
        return TextProfile(name, train, splits["test"].sentences)

    def _language(self, name: str, as_target: bool) -> LanguageProfile:
        text = self.profile(TextProfile, name, as_target)
        order = np.random.default_rng(self._config.seed).permutation(len(text.train))
        words = np.cumsum([len(text.train[i].words) for i in order])
        count = max(1, int(np.searchsorted(words, _LANGUAGE_WORDS, side="right")))
        return LanguageProfile(text, [text.train[i] for i in order[:count]], self._config.seed)

    @cached_property
    def _vocabulary(self) -> str:
        return fingerprint(self._pretrained.tokenizer)

    @cached_property
    def _encoder(self) -> Encoder:
        """The untrained encoder; random weights depend on the seed."""
        torch.manual_seed(self._config.seed)
        return load_encoder(self._pretrained)

    def _encoded(self, name: str) -> dict[str, Encoded]:
        config = stage_config(self._config, name)
        return self._once(
            ("encoded", name),
            lambda: encode_corpus(
                self.corpora[name], config, self._pretrained.tokenizer, self._vocabulary
            ),
        )

    def _sample(self, name: str, as_target: bool) -> Sample:
        encoded, used = self._encoded(name)["train"], self._used(name, as_target)
        return draw(encoded, used, self._config.words, self._config.seed)

    def _read(self, encoder: Encoder, score: Score | None, name: str, as_target: bool) -> Tokens:
        sample = self._sample(name, as_target)
        return read(encoder, score, self._encoded(name)["train"], sample, self._pretrained.window)

    def _backwards(self, how: Callable[..., Made], name: str, as_target: bool) -> Made:
        """Return what a backward pass through encoder and a head fitted to it gives."""
        tokens = self.profile(Tokens, name, as_target)
        seed = self._config.seed
        head = fit_head(tokens, self.corpora[name].tags, seed)
        encoded, sample = self._encoded(name)["train"], self._sample(name, as_target)
        return how(self._encoder, head, encoded, sample, self._pretrained.window, seed)

    def _untrained(self, name: str, as_target: bool) -> Tokens:
        return self._read(self._encoder, None, name, as_target)

    def _view_of_target(self, source: str, target: str, view: ViewName) -> View:
        return self._view(source, target, view, as_target=True)

    def _tuned_pair(self, source: str, target: str, view: ViewName) -> TunedPair:
        own = self._view(source, source, view, as_target=False)
        return TunedPair(own, self._view_of_target(source, target, view))

    def _view(self, source: str, name: str, view: ViewName, as_target: bool) -> View:
        """Return a view of a dataset's words as the source-tuned model sees them."""

        def make() -> Tokens:
            network: Network = self._once(("stage", source), lambda: self._network(source))
            score = partial(network.bank.marginals, source)
            return self._read(network.encoder, score, name, as_target)

        tokens = self._once(("tuned", source, name, as_target), make)
        return make_view(tokens, self.corpora[name].tags, view, self._config.seed)

    def _network(self, source: str) -> Network:
        """Return the network of a source's stage, as it was selected."""
        weights = self.stage(source)
        if source not in weights.tags:
            raise NotDefinedError(f"the stage holds no head of {source}")
        encoder = load_encoder(self._pretrained)

        def make(name: str, tags: Sequence[str]) -> Head:
            return make_head(self._config.head, encoder.hidden, tags)

        network = Network(encoder, build_bank(self._config.head, weights.tags, make))
        network.load(weights)
        return network.eval()

    def stage(self, source: str) -> Weights:
        """Return what the source's stage selected: of the store, trained where that is asked for.

        Raises:
            NoStageError: it is not there, and `train_stages` is false.
        """
        config = stage_config(self._config, source)
        devel, test = (self.corpora[source].splits[s].sentences for s in ("devel", "test"))
        scored = {
            "devel": subset(
                devel, config.pretrain.devel_size, config.subset_seed, key="pretrain.devel_size"
            ),
            "test": np.arange(len(test)),
        }
        task = Task(
            "source",
            self.corpora[source],
            self._encoded(source),
            self._used(source, False),
            scored,
            leaked=None,
            dropped=(),
        )
        asked, *_ = asked_stages(config)
        if self._config.train_stages:
            done = earlier_stage(asked, {source: task}, config, self._pretrained, None, None)
            return load_weights(done.file)
        found = find_trained(asked, {source: task}, config, self._pretrained)
        if found is None:
            raise NoStageError(
                f"the store has no stage of {source} with these settings; train_stages=true "
                "trains it"
            )
        log.info("stage of %s: reused (%s)", source, found.record.key)
        return load_weights(found.file(""))
