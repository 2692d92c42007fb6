"""Which corpora may help a target: those that are here, are no part of another, and may be used."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bioner.config.blocks import SubsetUnit
from bioner.config.fit import ALL, FitConfig
from bioner.config.train import Leakage
from bioner.corpora.audits.training_data import held_out, leaked
from bioner.corpora.catalogue import Corpus, load_corpus
from bioner.corpora.fetching.places import GENERATED, is_here
from bioner.corpora.subset import subset
from bioner.errors import ConfigError, DataError, UserError

# Two corpora that share more of the smaller one's training sentences are made of one text.
_ONE_TEXT = 0.5
# Fewer mentions say nothing: of train, from which is learnt, and of devel, by which is chosen.
_FEWEST = 10


@dataclass
class SourceFound:
    """What was looked at of a corpus before anything was measured.

    Attributes:
        name: of the dataset.
        refused: why it is no source; "" where it is one.
        licence: as its YAML says.
        types: its entity types.
        shared_types: those of them that the target has too, by name.
        sentences: of its train split.
        leaked: those of them that stand in the target's devel or test; they are left out.
    """

    name: str
    refused: str
    licence: str
    types: list[str]
    shared_types: list[str]
    sentences: int
    leaked: int


def load_target(config: FitConfig) -> Corpus:
    """Read the target, and check that something can be learnt from it and chosen by it.

    Raises:
        DataError: it has too few mentions.
    """
    target = _load(config.target, config)
    more = "more labelled sentences"
    other = "more, or another file for devel"
    dataset = config.dataset[config.target]
    in_folds = dataset.devel_folds is not None
    if dataset.folds is not None and config.test_folds:
        more = f"{more}, or test_folds=0"
    for split, says, legal in (
        ("train", "to learn from", more),
        ("devel", "to choose by", more if in_folds else other),
    ):
        mentions = used_mentions(config, target, split)
        if mentions < _FEWEST:
            found = f"{split} has {mentions} mentions, too few {says}"
            raise DataError(config.target, None, found, f"at least {_FEWEST}: {legal}")
    return target


def used_mentions(config: FitConfig, target: Corpus, split: str) -> int:
    """Return the mentions of the sentences of train or devel that a run uses."""
    sentences = target.splits[split].sentences
    size = config.finetune.train_size if split == "train" else config.finetune.devel_size
    unit = config.subset_unit if split == "train" else SubsetUnit.sentences
    chosen = subset(sentences, size, config.subset_seed, unit, f"finetune.{split}_size")
    return sum(tag.startswith("B-") for place in chosen for tag in sentences[int(place)].tags)


def look_at_sources(
    config: FitConfig, target: Corpus
) -> tuple[list[SourceFound], dict[str, Corpus]]:
    """Look at every corpus that may help.

    Returns:
        What was found of each that is here, and those that are admitted, by name.

    Raises:
        UserError: sources are named, or all are asked for, and none may be used.
        DataError, ConfigError: one that is named can't be read.
    """
    named = config.sources != [ALL]
    found: dict[str, SourceFound] = {}
    corpora: dict[str, Corpus] = {}
    for name in config.sources if named else _here(config):
        if not config.dataset[name].is_parted:
            found[name] = _found(name, config, "is in folds, which take sources=[NAME] fold=1")
            continue
        try:
            corpus = _load(name, config)
        except (DataError, ConfigError) as error:
            if named:
                raise
            found[name] = _found(name, config, f"can't be read: {error}")
            continue
        refused = _refused(name, config, corpus, target, named)
        one = found[name] = _found(name, config, refused, corpus, target)
        if config.leakage == Leakage.drop and one.leaked == one.sentences and not refused:
            one.refused = "all of its train stands in the target's devel or test"
        if not one.refused:
            corpora[name] = corpus
    if not named:
        for name, whole in _parts(corpora).items():
            found[name].refused = f"part of {whole}"
            del corpora[name]
    if config.sources and not corpora:
        why = "; ".join(f"{one.name}: {one.refused}" for one in found.values())
        raise UserError(
            f"sources: none may be used ({why or 'no other corpus is here'}); sources=[NAME] takes "
            "what it names, sources=[] looks for the best single"
        )
    return [*found.values()], corpora


def _here(config: FitConfig) -> list[str]:
    folder = Path(config.datasets_dir)
    names = [name for name in config.dataset if name != config.target]
    return [name for name in names if is_here(config.dataset[name], folder)]


def _load(name: str, config: FitConfig) -> Corpus:
    cache = Path(config.cache_dir) / "sentences"
    folder, mirror = Path(config.datasets_dir), config.datasets_mirror
    return load_corpus(name, config.dataset[name], folder, mirror, cache=cache)


def _found(
    name: str,
    config: FitConfig,
    refused: str,
    corpus: Corpus | None = None,
    target: Corpus | None = None,
) -> SourceFound:
    licence = config.dataset[name].licence
    if corpus is None or target is None:
        return SourceFound(name, refused, licence, [], [], 0, 0)
    train = corpus.splits["train"].sentences
    leaks = leaked(train, range(len(train)), held_out({target.name: target}))
    shared = [one for one in corpus.types if one in target.types]
    return SourceFound(name, refused, licence, [*corpus.types], shared, len(train), len(leaks))


def _refused(name: str, config: FitConfig, corpus: Corpus, target: Corpus, named: bool) -> str:
    """Return why a corpus is no source, or ""."""
    dataset = config.dataset[name]
    if not corpus.splits["train"].sentences.mentions:
        return "train has no mention"
    if config.redistributable and not dataset.redistributable:
        return f"licence: {dataset.licence or 'not stated'} (redistributable=true)"
    if named:
        return ""
    if (dataset.url or "").startswith(GENERATED):
        return "a demo dataset"
    own = np.concatenate([_texts(target, split) for split in target.splits])
    if _overlap(_texts(corpus, "train"), np.unique(own)) > _ONE_TEXT:
        return f"holds the sentences of {target.name}"
    return ""


def _parts(corpora: Mapping[str, Corpus]) -> dict[str, str]:
    """Return the corpora that are a part of another, with that one.

    Of two with the same text the one with more entity types is kept, then the first.
    """
    texts = {name: _texts(corpus, "train") for name, corpus in corpora.items()}
    order = sorted(texts, key=lambda one: (-len(texts[one]), -len(corpora[one].types)))
    parts: dict[str, str] = {}
    for place, name in enumerate(order):
        for other in _earlier(order, place, parts):
            larger = len(corpora[other].types) >= len(corpora[name].types)
            if larger and _overlap(texts[name], texts[other]) > _ONE_TEXT:
                parts[name] = other
                break
    return parts


def _earlier(order: list[str], place: int, parts: Mapping[str, str]) -> Iterator[str]:
    return (name for name in order[:place] if name not in parts)


def _texts(corpus: Corpus, split: str) -> NDArray[np.uint64]:
    return np.unique(corpus.splits[split].sentences.text_hashes)


def _overlap(one: NDArray[np.uint64], other: NDArray[np.uint64]) -> float:
    """Return the share of the smaller side's texts that the other has too."""
    shared = len(np.intersect1d(one, other, assume_unique=True))
    return shared / max(1, min(len(one), len(other)))
