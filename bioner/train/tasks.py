"""The datasets of a run as its model sees them: checked, tokenised, cut to the asked size."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path

import numpy as np
from transformers import PreTrainedTokenizerFast

from bioner.batches.syntax import Syntax, check_parser, parse, syntax_key
from bioner.batches.tokenizer import fingerprint
from bioner.batches.tokens import Encoded, encode, encoding_key
from bioner.config.dataset import SPLITS
from bioner.config.encoder import Context
from bioner.config.train import TrainConfig
from bioner.corpora.cache import cached
from bioner.corpora.catalogue import Corpus, load_corpus
from bioner.corpora.subset import subset
from bioner.runs.record import DatasetUse
from bioner.runs.stage_record import TaskUse
from bioner.train.guard import Guard, Guarded
from bioner.train.said import say_sizes, say_what_is_alone, say_what_is_lost
from bioner.train.stage_kinds import Asked, Size

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Task:
    """One dataset as one stage of a run uses it.

    Attributes:
        role: target, auxiliary or source, in that stage.
        corpus: its sentences and types.
        encoded: its pieces and tags, per split.
        used: which sentences of `training` are used, sorted.
        scored: which sentences of devel and of test are scored, sorted.
        leaked: how many of those that were to be used stand in a target's devel or test; None
            where nobody looked.
        dropped: which of them are not used for that, sorted.
        devel_too: whether devel is trained on too.
    """

    role: str
    corpus: Corpus
    encoded: dict[str, Encoded]
    used: np.ndarray
    scored: dict[str, np.ndarray]
    leaked: int | None
    dropped: tuple[int, ...]
    devel_too: bool = False

    @cached_property
    def training(self) -> Encoded:
        """The train split, and behind it devel where that is trained on too."""
        train, devel = self.encoded["train"], self.encoded["devel"]
        return train.followed_by(devel) if self.devel_too else train

    @property
    def devel_trained(self) -> int:
        """How many of the sentences that are used are of devel."""
        return int((self.used >= len(self.encoded["train"].sentence_words)).sum())

    def use(self) -> TaskUse:
        """Return what the record says of how a stage used the dataset."""
        return TaskUse(
            self.role,
            len(self.used),
            len(self.scored["devel"]),
            self.leaked,
            len(self.dropped),
            self.devel_trained,
        )

    def contents(self, longest_word: int) -> DatasetUse:
        """Return what the record says of the dataset, whatever its role.

        Args:
            longest_word: pieces of a word that one row can hold.
        """
        splits = self.corpus.splits
        return DatasetUse(
            sha256={s: split.sha256 for s, split in splits.items()},
            sentences={s: len(split.sentences) for s, split in splits.items()},
            mentions={s: split.sentences.mentions.total() for s, split in splits.items()},
            devel_share=self.corpus.devel_share,
            repaired_tags={s: split.repaired for s, split in splits.items()},
            cut_mentions={s: split.cut for s, split in splits.items()},
            dropped_mentions={s: split.dropped for s, split in splits.items()},
            joined_mentions={s: split.joined for s, split in splits.items()},
            lost_words={s: encoded.lost for s, encoded in self.encoded.items()},
            oversized_words={s: e.oversized(longest_word) for s, e in self.encoded.items()},
            test_share=self.corpus.test_share,
            folds=self.corpus.folds,
            fold=self.corpus.fold,
            devel_folds=self.corpus.devel_folds,
            devel_fold=self.corpus.devel_fold,
        )


def load_tasks(
    config: TrainConfig,
    stages: Sequence[Asked],
    tokenizer: PreTrainedTokenizerFast,
    longest_word: int,
) -> dict[str, dict[str, Task]]:
    """Read, check and tokenise every dataset of the run, and say what they hold.

    Args:
        config: of the run.
        stages: what it asks of each.
        tokenizer: of the encoder.
        longest_word: pieces of a word that one row can hold.

    Returns:
        For each stage its tasks, in its order; what is read of a dataset is read once for all.

    Raises:
        UserError: a corpus that can't be read as its YAML says.
    """
    if config.encoder.syntax.kinds:
        check_parser()
    vocabulary = fingerprint(tokenizer)
    corpora = load_corpora(config)
    chosen = choose_sentences(config, stages, corpora)
    encoded: dict[str, dict[str, Encoded]] = {}
    tasks: dict[str, dict[str, Task]] = {stage.name: {} for stage in stages}
    for stage in stages:
        for name, role in stage.roles.items():
            known = name in encoded
            if not known:
                encoded[name] = encode_corpus(corpora[name], config, tokenizer, vocabulary)
            guarded = chosen[stage.name][name]
            task = Task(
                role,
                corpora[name],
                encoded[name],
                guarded.used,
                _scored(config, stage.sizes[role][1], corpora[name]),
                guarded.leaked,
                guarded.dropped,
                role in stage.devel_too,
            )
            tasks[stage.name][name] = task
            say_sizes(stage.name, name, task)
            if not known:
                say_what_is_lost(name, task, longest_word)
                if config.encoder.context == Context.document:
                    say_what_is_alone(name, task)
    return tasks


def load_corpora(config: TrainConfig) -> dict[str, Corpus]:
    """Read and check every dataset of the run.

    Raises:
        UserError: a corpus that can't be read as its YAML says.
    """
    cache = Path(config.cache_dir) / "sentences"
    folder, mirror = Path(config.datasets_dir), config.datasets_mirror
    return {
        name: load_corpus(name, dataset, folder, mirror, cache=cache)
        for name, dataset in config.dataset.items()
    }


def choose_sentences(
    config: TrainConfig, stages: Sequence[Asked], corpora: Mapping[str, Corpus]
) -> dict[str, dict[str, Guarded]]:
    """Choose the train sentences of each task: the asked size, less what the guard drops.

    Returns:
        For each stage and each dataset of it, places in `Corpus.to_train_on`.

    Raises:
        ConfigError: a leak under `leakage=error`, or nothing left under `leakage=drop`.
    """
    guard = Guard(config, {name: corpora[name] for name in config.finetune.targets})
    looked: dict[tuple[str, int | float | None, bool], Guarded] = {}
    chosen: dict[str, dict[str, Guarded]] = {stage.name: {} for stage in stages}
    for stage in stages:
        for name, role in stage.roles.items():
            (size, of_devel), devel_too = stage.sizes[role], role in stage.devel_too
            key = name, size.asked, devel_too
            if key not in looked:  # else all has been said of these sentences
                train = corpora[name].splits["train"].sentences
                seed, unit = config.subset_seed, config.subset_unit
                asked = subset(train, size.asked, seed, unit, size.key)
                if devel_too:
                    devel = _scored(config, of_devel, corpora[name])["devel"]
                    asked = np.concatenate([asked, len(train) + devel])
                pool = corpora[name].to_train_on(devel_too)
                looked[key] = guard.look(role, name, pool, asked, len(train))
            chosen[stage.name][name] = looked[key]
    return chosen


def _scored(config: TrainConfig, size: Size, corpus: Corpus) -> dict[str, np.ndarray]:
    """Return the sentences that are scored: those of devel by which is selected, all of test."""
    devel, test = (corpus.splits[split].sentences for split in SPLITS[1:])
    selecting = subset(devel, size.asked, config.subset_seed, key=size.key)
    return {"devel": selecting, "test": np.arange(len(test))}


def encode_corpus(
    corpus: Corpus, config: TrainConfig, tokenizer: PreTrainedTokenizerFast, vocabulary: str
) -> dict[str, Encoded]:
    """Return the pieces and tags of each split, and their syntax where that is asked for.

    What is in the cache is taken from it.

    Args:
        corpus: the dataset.
        config: names the cache.
        tokenizer: of the encoder.
        vocabulary: the tokenizer's fingerprint.
    """
    found = {}
    for split, content in corpus.splits.items():
        found[split] = cached(
            Path(config.cache_dir) / "features",
            encoding_key(content.key, corpus.types, vocabulary),
            Encoded,
            partial(encode, content.sentences, corpus.tags, tokenizer),
        )
        if config.encoder.syntax.kinds:
            folder, key = Path(config.cache_dir) / "syntax", syntax_key(content.key)
            parsed = cached(folder, key, Syntax, partial(parse, content.sentences))
            found[split] = replace(found[split], syntax=parsed.words)
    return found
