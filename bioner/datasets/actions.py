"""What `bioner datasets` does: list, fetch, describe, check, new."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bioner.config.dataset import DatasetConfig
from bioner.config.datasets import Action, DatasetsConfig, Output
from bioner.config.encoder import EncoderConfig
from bioner.corpora.audits.file_faults import Fault, inspect
from bioner.corpora.audits.shared_sentences import Leak, leaks, repeats
from bioner.corpora.audits.split_counts import SplitCounts, count
from bioner.corpora.catalogue import Corpus, load_corpus
from bioner.corpora.dataset_checks import check_config
from bioner.corpora.fetching.fetch import ensure
from bioner.corpora.fetching.places import locate
from bioner.corpora.holdout import parted
from bioner.corpora.sentence_table import Table
from bioner.corpora.split import check_file
from bioner.corpora.type_map import type_names
from bioner.datasets import show
from bioner.datasets.found import Checked, Entry
from bioner.datasets.new import new
from bioner.datasets.picture import draw_lengths
from bioner.errors import UserError

if TYPE_CHECKING:
    from bioner.batches.audit import TokenizerLoss

log = logging.getLogger(__name__)


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
    return not (isinstance(found, Checked) and found.wrong())


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
    """Count what each split of each dataset holds, and each fold where none is chosen.

    Raises:
        UserError: a dataset that can't be had, or read as its YAML says.
    """
    found: dict[str, dict[str, SplitCounts]] = {}
    folds: dict[str, dict[str, SplitCounts]] = {}
    for name, one in config.dataset.items():
        corpus = load_corpus(name, one, Path(config.datasets_dir), config.datasets_mirror)
        for warning in (*corpus.warnings, *corpus.unscored):
            log.warning("%s: %s", name, warning)
        found[name] = {
            split: count(content.sentences, corpus.types)
            for split, content in corpus.splits.items()
        }
        folds[name] = {
            f"fold {fold}": count(splits["test"], corpus.types)
            for fold, splits in _folds(one, corpus)
        }
    if config.picture is not None:
        draw_lengths(found, Path(config.picture))
        log.info("written: %s", config.picture)
    return {name: splits | folds[name] for name, splits in found.items()}


def _folds(config: DatasetConfig, corpus: Corpus) -> Iterator[tuple[int, dict[str, Table]]]:
    """Yield each fold of a corpus of which none is chosen, with the splits that it gives."""
    if config.is_parted:
        return
    assert config.folds is not None
    read = {split: content.sentences for split, content in corpus.splits.items()}
    for fold in range(1, config.folds + 1):
        parts = parted(read["train"], replace(config, fold=fold))
        yield fold, read | {s: read["train"].take(places, {}) for s, places in parts.items()}


def check(config: DatasetsConfig) -> Checked:
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
            for warning in (*inspected.corpus.warnings, *inspected.corpus.unscored):
                log.warning("%s: %s", name, warning)
    leakage: list[Leak] = []
    for name, corpus in corpora.items():
        for fold, splits in _folds(config.dataset[name], corpus):
            leakage += leaks({f"{name} fold {fold}": splits})
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
    return Checked(errors, duplicates, leaks(sentences) + leakage, tokenizers)


def _losses(
    encoder: EncoderConfig, corpora: Mapping[str, Corpus], word_pieces: int
) -> dict[str, dict[str, TokenizerLoss]]:
    """Return what an encoder's tokenizer loses of each split."""
    # Half of the time of a check without encoders would go into these.
    from bioner.batches.audit import tokenizer_loss
    from bioner.model.pretrained import Pretrained

    pretrained = Pretrained(encoder)
    tokenizer, window = pretrained.tokenizer, pretrained.window.room
    return {
        name: {
            split: tokenizer_loss(content.sentences, corpus.tags, tokenizer, word_pieces, window)
            for split, content in corpus.splits.items()
        }
        for name, corpus in corpora.items()
    }
