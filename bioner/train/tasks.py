"""The datasets of a run as its model sees them: checked, tokenised, cut to the asked size."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from transformers import PreTrainedTokenizerFast

from bioner.batches.tokens import Encoded, encode, encoding_key, fingerprint
from bioner.config.dataset import SPLITS
from bioner.config.identity import roles
from bioner.config.train import TrainConfig
from bioner.corpora.cache import cached
from bioner.corpora.catalogue import Corpus, load_corpus
from bioner.corpora.subset import subset
from bioner.runs.record import DatasetUse, TaskUse
from bioner.train.guard import Guard, Guarded

log = logging.getLogger(__name__)

_Size = tuple[int | float | None, str]


@dataclass(frozen=True)
class Task:
    """One dataset of a run.

    Attributes:
        role: target, auxiliary or source.
        corpus: its sentences and types.
        encoded: its pieces and tags, per split.
        used: which train sentences are used, sorted.
        scored: which sentences of devel and of test are scored, sorted.
        leaked: how many of those that were to be used stand in a target's devel or test; None
            where nobody looked.
        dropped: which of them are not used for that, sorted.
    """

    role: str
    corpus: Corpus
    encoded: dict[str, Encoded]
    used: np.ndarray
    scored: dict[str, np.ndarray]
    leaked: int | None
    dropped: tuple[int, ...]

    def use(self) -> TaskUse:
        """Return what the record says of how a stage used the dataset."""
        return TaskUse(
            self.role, len(self.used), len(self.scored["devel"]), self.leaked, len(self.dropped)
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
        )


def load_tasks(
    config: TrainConfig, tokenizer: PreTrainedTokenizerFast, longest_word: int
) -> dict[str, Task]:
    """Read, check and tokenise every dataset of the run, and say what they hold.

    Raises:
        UserError: a corpus that can't be read as its YAML says.
    """
    vocabulary = fingerprint(tokenizer)
    corpora = load_corpora(config)
    chosen = choose_sentences(config, corpora)
    tasks = {}
    for name, role in roles(config).items():
        guarded = chosen[name]
        encoded = encode_corpus(corpora[name], config, tokenizer, vocabulary)
        tasks[name] = Task(
            role,
            corpora[name],
            encoded,
            guarded.used,
            _scored(config, role, corpora[name]),
            guarded.leaked,
            guarded.dropped,
        )
        _say(name, tasks[name], longest_word)
    return tasks


def source_task(config: TrainConfig, tasks: Mapping[str, Task], name: str) -> Task:
    """Return a dataset as pretraining reads it.

    One that is an auxiliary too stands in `tasks` with the sizes of `finetune`; pretraining has
    those of `pretrain`, whatever comes after it.
    """
    task = tasks[name]
    if task.role == "source":
        return task
    guarded = choose_source(config, {name: task.corpus for name, task in tasks.items()}, name)
    if len(guarded.used) != len(task.used):
        log.info(
            "source %s: %d train sentences used in pretraining, %d in fine-tuning",
            name,
            len(guarded.used),
            len(task.used),
        )
    return replace(
        task,
        role="source",
        used=guarded.used,
        scored=_scored(config, "source", task.corpus),
        leaked=guarded.leaked,
        dropped=guarded.dropped,
    )


def load_corpora(config: TrainConfig) -> dict[str, Corpus]:
    """Read and check every dataset of the run.

    Raises:
        UserError: a corpus that can't be read as its YAML says.
    """
    cache = Path(config.cache_dir) / "sentences"
    return {
        name: load_corpus(
            name,
            config.dataset[name],
            Path(config.datasets_dir),
            config.datasets_mirror,
            cache=cache,
        )
        for name in roles(config)
    }


def choose_sentences(config: TrainConfig, corpora: Mapping[str, Corpus]) -> dict[str, Guarded]:
    """Choose the train sentences of each dataset: the asked size, less what the guard drops.

    Raises:
        ConfigError: a leak under `leakage=error`, or nothing left under `leakage=drop`.
    """
    guard = _guard(config, corpora)
    return {
        name: _chosen(config, guard, role, corpora[name]) for name, role in roles(config).items()
    }


def choose_source(config: TrainConfig, corpora: Mapping[str, Corpus], name: str) -> Guarded:
    """Choose the train sentences that pretraining reads of a dataset, its other role left aside.

    Raises:
        ConfigError: see `choose_sentences`.
    """
    return _chosen(config, _guard(config, corpora), "source", corpora[name])


def _guard(config: TrainConfig, corpora: Mapping[str, Corpus]) -> Guard:
    return Guard(config, {name: corpora[name] for name in config.finetune.targets})


def _chosen(config: TrainConfig, guard: Guard, role: str, corpus: Corpus) -> Guarded:
    size, key = _sizes(config, role)[0]
    train = corpus.splits["train"].sentences
    asked = subset(train, size, config.subset_seed, config.subset_unit, key)
    return guard.look(role, corpus.name, train, asked)


def _scored(config: TrainConfig, role: str, corpus: Corpus) -> dict[str, np.ndarray]:
    devel, test = (corpus.splits[split].sentences for split in SPLITS[1:])
    size, key = _sizes(config, role)[1]
    selecting = subset(devel, size, config.subset_seed, key=key)
    return {"devel": selecting, "test": np.arange(len(test))}


def encode_corpus(
    corpus: Corpus, config: TrainConfig, tokenizer: PreTrainedTokenizerFast, vocabulary: str
) -> dict[str, Encoded]:
    """Return the pieces and tags of each split, from the cache where they are in it.

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
    return found


def _sizes(config: TrainConfig, role: str) -> tuple[_Size, _Size]:
    """Return the sizes asked of train and of devel, each with its key."""
    finetune, pretrain = config.finetune, config.pretrain
    devel = (finetune.devel_size, "finetune.devel_size")
    if role == "target":
        return (finetune.train_size, "finetune.train_size"), devel
    if role == "auxiliary":
        return (finetune.auxiliary_size, "finetune.auxiliary_size"), devel
    return (
        (pretrain.train_size, "pretrain.train_size"),
        (pretrain.devel_size, "pretrain.devel_size"),
    )


def _say(name: str, task: Task, longest_word: int) -> None:
    use = task.contents(longest_word)
    counts = ", ".join(f"{s} {n} ({use.mentions[s]} mentions)" for s, n in use.sentences.items())
    used = {"train": len(task.used), "devel": len(task.scored["devel"])}
    taken = "".join(f", {n} {s} used" for s, n in used.items() if n < use.sentences[s])
    log.info("%s %s: sentences %s%s", task.role, name, counts, taken)
    if use.devel_share is not None:
        log.warning(
            "%s: devel is a part of its train file, for there is no other: %.0f %%, by %s",
            name,
            100 * use.devel_share,
            task.corpus.held_out_by,
        )
    for warning in (*task.corpus.warnings, *task.corpus.unscored):
        log.warning("%s: %s", name, warning)
    for what, found in (
        ("words the tokenizer lost (predicted O)", use.lost_words),
        ("words longer than a window (their first pieces are used)", use.oversized_words),
    ):
        if any(found.values()):
            log.warning("%s: %s: %s", name, what, ", ".join(f"{s} {n}" for s, n in found.items()))
