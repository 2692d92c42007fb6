"""Datasets by their YAML: checked, read and compared with what the YAML says of them."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from bioner.config.dataset import SPLITS, DatasetConfig
from bioner.corpora.dataset_checks import check_config
from bioner.corpora.document_groups import has_documents
from bioner.corpora.fetching.fetch import ensure
from bioner.corpora.sentence_table import Table
from bioner.corpora.split import Split, SplitReader, TooLittleLeftError
from bioner.corpora.tags import tag_set
from bioner.corpora.type_map import type_names
from bioner.errors import DataError, Report, raise_it


@dataclass(frozen=True)
class Corpus:
    """A dataset with its three splits.

    Attributes:
        name: the dataset's name in the catalogue.
        types: the entity types, in the order of their tag ids.
        splits: train, devel and test.
        warnings: what a user should know of the data, one sentence each.
        devel_share: of the train file that is the devel split; None where devel is a file.
        test_share: of the train file that is the test split, likewise.
        folds: of the train file, of which one is the test split.
        fold: which one; None of a corpus in folds that is read whole.
        devel_folds: of what test leaves of the train file, of which one is the devel split.
        devel_fold: which one.
    """

    name: str
    types: tuple[str, ...]
    splits: dict[str, Split]
    warnings: tuple[str, ...]
    devel_share: float | None = None
    test_share: float | None = None
    folds: int | None = None
    fold: int | None = None
    devel_folds: int | None = None
    devel_fold: int | None = None

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags in the order of their ids."""
        return tag_set(self.types)

    def to_train_on(self, devel_too: bool) -> Table:
        """Return the sentences of train, and if asked for those of devel behind them."""
        train, devel = (self.splits[split].sentences for split in SPLITS[:2])
        if not devel_too:
            return train
        # One split may have offsets and the other not; training needs none.
        return Table.of(replace(sentence, offsets=()) for sentence in (*train, *devel))

    @property
    def unscored(self) -> list[str]:
        """What to say of the splits without any mention, whose score is undefined."""
        return [
            f"{split} has no mention: it has no score"
            for split, content in self.splits.items()
            if split != "train" and len(content.sentences) and not content.sentences.mentions
        ]

    @property
    def held_out_by(self) -> str:
        """What a split that is a part of the train file was drawn by."""
        return "documents" if has_documents(self.splits["train"].sentences) else "sentences"


def load_corpus(
    name: str,
    config: DatasetConfig,
    datasets_dir: Path,
    mirror: str | None = None,
    report: Report = raise_it,
    cache: Path | None = None,
) -> Corpus:
    """Read the three splits of a dataset and compare them with its YAML.

    Of a dataset in folds of which none is chosen those are read that are files, train as a whole.

    Args:
        name: the dataset's name in the catalogue.
        config: its YAML.
        datasets_dir: where the folders of datasets lie; a missing dataset is fetched into it.
        mirror: where it is fetched from instead of the dataset's `url`.
        report: takes each fault of a file. Where it returns, reading goes on: the corpus lacks the
            sentences that could not be read, and the splits of which no file could.
        cache: where the sentences of files without a fault are kept; None reads them anew.

    Raises:
        ConfigError: if the YAML can't be used.
        DataError: if the files are not there; by default also if one can't be read or is not the
            one that the YAML describes.
    """
    check_config(name, config)
    files = ensure(name, config, datasets_dir, mirror)
    reader = SplitReader(name, config, report, cache)
    splits: dict[str, Split] = {}
    warnings: list[str] = []
    for split in config.splits:
        path = files.get(split, files["train"])
        if split not in files and "train" not in splits:
            continue  # the file that it is a part of can't be read, which was said
        try:
            splits[split] = reader.split(path, split)
        except DataError as error:
            reader.note(error)
        except TooLittleLeftError:
            continue
        else:
            warnings += reader.compare(path, split, splits[split])
    mentions = {split: found.sentences.mentions for split, found in splits.items()}
    shares, folds = (config.devel_share, config.test_share), (config.folds, config.fold)
    parts = *shares, *folds, config.devel_folds, config.devel_fold
    types = type_names(config.types) or _derived_types(mentions)
    if reader.faulty:  # what the splits lack may stand in what could not be read
        return Corpus(name, types, splits, tuple(warnings), *parts)
    if not types:
        found, legal = "no split of the dataset has a mention", f"give dataset.{name}.types"
        report(DataError(files["train"].parent, None, found, legal))
    warnings += _missing_mentions(mentions)
    return Corpus(name, types, splits, tuple(warnings), *parts)


def _derived_types(mentions: Mapping[str, Counter[str]]) -> tuple[str, ...]:
    """Return the types that the splits have: those of train first, each part in sorted order."""
    train, *others = (set(mentions.get(split, ())) for split in SPLITS)
    return (*sorted(train), *sorted(set().union(*others) - train))


def _missing_mentions(mentions: Mapping[str, Counter[str]]) -> list[str]:
    """Say which types train has no mention of, or that it has none at all."""
    train = mentions.get("train", Counter())
    if not train.total():
        return ["train has no mention: nothing can be learnt from it"]
    return [
        f"{split} has {count} mention{'s' * (count > 1)} of {type_name!r}, which train never has: "
        "they are scored, and missed"
        for split in SPLITS[1:]
        for type_name, count in sorted(mentions.get(split, Counter()).items())
        if type_name not in train
    ]
