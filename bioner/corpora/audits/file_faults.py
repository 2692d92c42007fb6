"""Every error of a dataset's files, not only the first."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from bioner.config.dataset import DatasetConfig
from bioner.corpora.catalogue import Corpus, load_corpus
from bioner.errors import DataError


@dataclass(frozen=True)
class Fault:
    """One error, or those of a file that are not told one by one.

    Attributes:
        dataset: its name.
        path: the file, or the folder where all files are meant.
        line: 1-based, or None where the whole file is meant.
        message: what was found, and what is legal.
        count: how many errors it stands for.
    """

    dataset: str
    path: str
    line: int | None
    message: str
    count: int = 1


@dataclass(frozen=True)
class Inspected:
    """A dataset as far as it can be read.

    Attributes:
        corpus: the sentences without an error; None where the files can't be had.
        faults: in the order of the files; after `limit` of one file one more tells how many are
            left.
    """

    corpus: Corpus | None
    faults: list[Fault]


def inspect(
    name: str, config: DatasetConfig, datasets_dir: Path, mirror: str | None, limit: int
) -> Inspected:
    """Read a dataset to its end, whatever is wrong with it.

    Args:
        name: the dataset's name in the catalogue.
        config: its YAML.
        datasets_dir: where the folders of datasets lie; a missing dataset is fetched into it.
        mirror: where it is fetched from instead of the dataset's `url`.
        limit: how many errors of one file are kept.

    Raises:
        ConfigError: if the YAML can't be used.
    """
    faults: list[Fault] = []
    counts: Counter[str] = Counter()

    def note(error: DataError) -> None:
        counts[str(error.path)] += 1
        if counts[str(error.path)] <= limit:
            faults.append(Fault(name, str(error.path), error.line, error.says))

    corpus = None
    try:
        corpus = load_corpus(name, config, datasets_dir, mirror, note)
    except DataError as error:
        note(error)
    for path, count in counts.items():
        if count > limit:
            more = f"and {count - limit:,} more errors in this file"
            faults.append(Fault(name, path, None, more, count - limit))
    return Inspected(corpus, faults)
