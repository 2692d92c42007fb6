"""Which corpora may help a target: those that are here, are no part of another, and may be used."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bioner.config.fit import FitConfig
from bioner.config.recommend import RecommendConfig
from bioner.corpora.audits.training_data import held_out, leaked
from bioner.corpora.catalogue import Corpus, load_corpus
from bioner.corpora.fetching.places import GENERATED, is_here
from bioner.errors import ConfigError, DataError, UserError

Asked = FitConfig | RecommendConfig

# Two corpora that share more of the smaller one's training sentences are made of one text.
_ONE_TEXT = 0.5


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


def look_at_sources(
    config: Asked, target: Corpus, without_leaks: bool, or_else: str = ""
) -> tuple[list[SourceFound], dict[str, Corpus]]:
    """Look at every corpus that may help.

    Args:
        config: names the sources, or asks for all.
        target: that is to be helped.
        without_leaks: whether leaked sentences are left out, so that some must stay.
        or_else: what could be done beside, where none may be used.

    Returns:
        What was found of each that is here, and those that are admitted, by name.

    Raises:
        UserError: sources are named, or all are asked for, and none may be used.
        DataError, ConfigError: one that is named can't be read.
    """
    named = not config.takes_all
    found: dict[str, SourceFound] = {}
    corpora: dict[str, Corpus] = {}
    for name in config.sources if named else _here(config):
        found[name], corpus = _look_at(name, config, target, without_leaks)
        if corpus is not None:
            corpora[name] = corpus
    if not named:
        for name, whole in _parts(corpora).items():
            found[name].refused = f"part of {whole}"
            del corpora[name]
    if config.sources and not corpora:
        why = "; ".join(f"{one.name}: {one.refused}" for one in found.values())
        raise UserError(
            f"sources: none may be used ({why or 'no other corpus is here'}); sources=[NAME] takes "
            f"what it names{or_else}"
        )
    return [*found.values()], corpora


def _look_at(
    name: str, config: Asked, target: Corpus, without_leaks: bool
) -> tuple[SourceFound, Corpus | None]:
    """Return what was found of a corpus, and the corpus where it is admitted."""
    if not config.dataset[name].is_parted:
        return _found(name, config, "is in folds, which take sources=[NAME] fold=1"), None
    try:
        corpus = load_in_catalogue(name, config)
    except (DataError, ConfigError) as error:
        if config.takes_all:
            return _found(name, config, f"can't be read: {error}"), None
        raise
    refused = _refused(name, config, corpus, target)
    one = _found(name, config, refused, corpus, target)
    if without_leaks and one.leaked == one.sentences and not refused:
        one.refused = "all of its train stands in the target's devel or test"
    return one, None if one.refused else corpus


def _here(config: Asked) -> list[str]:
    folder = Path(config.datasets_dir)
    names = [name for name in config.dataset if name != config.target]
    return [name for name in names if is_here(config.dataset[name], folder)]


def load_in_catalogue(name: str, config: Asked) -> Corpus:
    """Read a corpus of the catalogue.

    Raises:
        DataError, ConfigError: it can't be read.
    """
    cache = Path(config.cache_dir) / "sentences"
    folder, mirror = Path(config.datasets_dir), config.datasets_mirror
    return load_corpus(name, config.dataset[name], folder, mirror, cache=cache)


def _found(
    name: str,
    config: Asked,
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


def _refused(name: str, config: Asked, corpus: Corpus, target: Corpus) -> str:
    """Return why a corpus is no source, or ""."""
    dataset = config.dataset[name]
    if not corpus.splits["train"].sentences.mentions:
        return "train has no mention"
    if config.redistributable and not dataset.redistributable:
        return f"licence: {dataset.licence or 'not stated'} (redistributable=true)"
    if not config.takes_all:
        return ""
    if (dataset.url or "").startswith(GENERATED):
        return "a demo dataset"
    own = np.concatenate([_texts(target, split) for split in target.splits])
    if _overlap(_texts(corpus, "train"), np.unique(own)) > _ONE_TEXT:
        return f"holds the sentences of {target.name}"
    return ""


def _parts(corpora: Mapping[str, Corpus]) -> dict[str, str]:
    """Return the corpora that are a part of another, with that one.

    A part has no other entity type. Of two with the same text and types the first is kept.
    """
    texts = {name: _texts(corpus, "train") for name, corpus in corpora.items()}
    order = sorted(texts, key=lambda one: (-len(texts[one]), -len(corpora[one].types)))
    parts: dict[str, str] = {}
    for place, name in enumerate(order):
        for other in _earlier(order, place, parts):
            holds = {*corpora[other].types} >= {*corpora[name].types}
            if holds and _overlap(texts[name], texts[other]) > _ONE_TEXT:
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
