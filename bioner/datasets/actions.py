"""What `bioner datasets` does: list, fetch, describe, check, new."""

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bioner.config.dataset import DatasetConfig
from bioner.config.datasets import Action, DatasetsConfig, Output
from bioner.config.train import EncoderConfig
from bioner.corpora.audits.file_faults import Fault, inspect
from bioner.corpora.audits.shared_sentences import Leak, Repeats, leaks, repeats
from bioner.corpora.audits.split_counts import SplitCounts, count
from bioner.corpora.catalogue import Corpus, check_config, load_corpus
from bioner.corpora.fetching.fetch import ensure, locate
from bioner.corpora.split import check_file
from bioner.corpora.type_map import type_names
from bioner.datasets import show
from bioner.datasets.new import new
from bioner.datasets.picture import draw_lengths
from bioner.errors import UserError

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Entry:
    """A dataset of the catalogue.

    Attributes:
        title: what it is.
        types: entity types; empty where the YAML leaves them to the files.
        sentences: of each split, as far as the YAML gives them.
        mentions: likewise.
        licence: as stated upstream.
        here: whether all of its files are there.
        verified: whether its YAML was compared with files.
    """

    title: str
    types: list[str]
    sentences: dict[str, int]
    mentions: dict[str, int]
    licence: str
    here: bool
    verified: bool


@dataclass(frozen=True)
class Report:
    """What `check` finds.

    Attributes:
        errors: of the files.
        duplicates: for each dataset and split.
        leakage: for each pair of datasets and of splits, a dataset with itself included.
        tokenizers: for each encoder, dataset and split.
    """

    errors: list[Fault]
    duplicates: dict[str, dict[str, Repeats]]
    leakage: list[Leak]
    tokenizers: dict[str, dict[str, dict[str, Any]]]

    def wrong(self) -> dict[str, int]:
        """Count what is wrong with the data; anything here makes the exit code 1.

        Repeats inside one split, shorter sentences in common, and what a tokenizer loses are not.
        """
        two = sum(one.two_labellings for one in self.leakage)
        two += sum(one.two_labellings for of in self.duplicates.values() for one in of.values())
        counts = {
            "errors of files": sum(one.count for one in self.errors),
            "sentences with two labellings": two,
            "pairs of splits that share text or documents": sum(one.leaks for one in self.leakage),
        }
        return {what: count for what, count in counts.items() if count}


def act(config: DatasetsConfig) -> bool:
    """Do what is asked and print it; return False where `check` finds something wrong.

    Raises:
        UserError: what the user gave can't be used, or a dataset that is needed can't be had.
    """
    actions: dict[Action, Callable[[DatasetsConfig], Any]] = {
        Action.list: catalogue,
        Action.fetch: fetch,
        Action.describe: describe,
        Action.check: check,
        Action.new: new,
    }
    found = actions[config.action](config)
    if config.format == Output.json:
        print(json.dumps(_plain(found), indent=2, ensure_ascii=False))
    else:
        for line in show.LINES[config.action](found):
            print(line)
    return not (isinstance(found, Report) and found.wrong())


def _plain(found: Any) -> Any:
    """Return dataclasses, wherever they stand, as dictionaries."""
    if isinstance(found, dict):
        return {key: _plain(value) for key, value in found.items()}
    if isinstance(found, list):
        return [_plain(value) for value in found]
    return asdict(found) if hasattr(found, "__dataclass_fields__") else found


def catalogue(config: DatasetsConfig) -> dict[str, Entry]:
    """Return what the YAML of each dataset says, and whether its files are there."""
    folder = Path(config.datasets_dir)
    return {
        name: Entry(
            one.title,
            list(type_names(one.types)),
            one.sentences,
            one.mentions,
            one.licence,
            all(path.exists() for path in locate(one, folder).values()),
            one.verified,
        )
        for name, one in config.dataset.items()
    }


def fetch(config: DatasetsConfig) -> dict[str, dict[str, str]]:
    """Fetch what is not there, check what is, and return the files of each dataset.

    Raises:
        UserError: some dataset can't be had or is not the right one; the others are there.
    """
    found, failed = {}, []
    for name, one in config.dataset.items():
        try:
            found[name] = _fetch(name, one, config)
        except UserError as error:
            log.error("%s", error)
            failed.append(name)
    if failed:
        raise UserError(f"not fetched: {', '.join(failed)} (see above)")
    return found


def _fetch(name: str, one: DatasetConfig, config: DatasetsConfig) -> dict[str, str]:
    check_config(name, one)
    files = ensure(name, one, Path(config.datasets_dir), config.datasets_mirror)
    for split, path in files.items():
        check_file(path, name, split, one)
    return {split: str(path) for split, path in files.items()}


def describe(config: DatasetsConfig) -> dict[str, dict[str, SplitCounts]]:
    """Count what each split of each dataset holds.

    Raises:
        UserError: a dataset that can't be had, or read as its YAML says.
    """
    found = {}
    for name, one in config.dataset.items():
        corpus = load_corpus(name, one, Path(config.datasets_dir), config.datasets_mirror)
        for warning in corpus.warnings:
            log.warning("%s: %s", name, warning)
        found[name] = {
            split: count(content.sentences, corpus.types)
            for split, content in corpus.splits.items()
        }
    if config.picture is not None:
        draw_lengths(found, Path(config.picture))
        log.info("written: %s", config.picture)
    return found


def check(config: DatasetsConfig) -> Report:
    """Look for everything that is wrong with the datasets.

    Raises:
        ConfigError: a YAML that can't be used.
    """
    errors: list[Fault] = []
    corpora: dict[str, Corpus] = {}
    for name, one in config.dataset.items():
        folder = Path(config.datasets_dir)
        inspected = inspect(name, one, folder, config.datasets_mirror, config.limit)
        errors += inspected.faults
        if inspected.corpus is not None:
            corpora[name] = inspected.corpus
            for warning in inspected.corpus.warnings:
                log.warning("%s: %s", name, warning)
    sentences = {
        name: {split: content.sentences for split, content in corpus.splits.items()}
        for name, corpus in corpora.items()
    }
    duplicates = {
        name: {split: repeats(content) for split, content in splits.items()}
        for name, splits in sentences.items()
    }
    tokenizers = {
        name: _losses(encoder, corpora, config.word_pieces)
        for name, encoder in config.encoder.items()
    }
    return Report(errors, duplicates, leaks(sentences), tokenizers)


def _losses(
    encoder: EncoderConfig, corpora: Mapping[str, Corpus], word_pieces: int
) -> dict[str, dict[str, Any]]:
    """Return what an encoder's tokenizer loses of each split."""
    # Half of the time of a check without encoders would go into these.
    from bioner.batches.audit import tokenizer_loss
    from bioner.batches.tokens import special_tokens
    from bioner.model.encoder import load_tokenizer, window_size

    tokenizer = load_tokenizer(encoder)
    window = special_tokens(tokenizer).window(window_size(encoder, tokenizer))
    return {
        name: {
            split: tokenizer_loss(content.sentences, corpus.tags, tokenizer, word_pieces, window)
            for split, content in corpus.splits.items()
        }
        for name, corpus in corpora.items()
    }
