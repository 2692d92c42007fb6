"""One split of a dataset: read from its file or the cache, and compared with the YAML."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache as once
from functools import partial
from pathlib import Path

from bioner.config.dataset import DatasetConfig
from bioner.corpora.cache import cached
from bioner.corpora.document_groups import documents
from bioner.corpora.documents import corpus_documents
from bioner.corpora.formats.all_formats import FORMATS
from bioner.corpora.holdout import parted
from bioner.corpora.sentence_key import sentence_key
from bioner.corpora.sentence_table import Table
from bioner.errors import DataError, Report, raise_it


@dataclass(frozen=True)
class Split:
    """One split of a corpus.

    Attributes:
        sentences: in the order of the file.
        sha256: of the file, or of the list of the folder's files.
        key: all that decides the sentences, as JSON values.
    """

    sentences: Table
    sha256: str
    key: Mapping[str, object]

    @property
    def repaired(self) -> int:
        """Tags, or annotations, that were changed to make them legal."""
        return self._counted("repaired")

    @property
    def cut(self) -> int:
        """Mentions that a sentence or word border cuts."""
        return self._counted("cut")

    @property
    def dropped(self) -> int:
        """Mentions left out since another one has their words."""
        return self._counted("dropped")

    @property
    def joined(self) -> int:
        """Discontinuous mentions read from their first to their last character."""
        return self._counted("joined")

    def _counted(self, what: str) -> int:
        # What was counted in a train file of which other splits are parts stands with train.
        return int(self.sentences.notes.get(what, 0))


class TooLittleLeftError(Exception):
    """What faults leave of a file can't be parted; they were noted, and there is no more to say."""


class SplitReader:
    """Reads the files of one dataset, each once, and notes which of them have a fault."""

    def __init__(
        self, name: str, config: DatasetConfig, report: Report, cache: Path | None
    ) -> None:
        self._name, self._config, self._report, self._cache = name, config, report, cache
        self._faulty: set[str] = set()
        self._table = once(self._read)

    @property
    def faulty(self) -> bool:
        """Whether a fault was noted."""
        return bool(self._faulty)

    def note(self, error: DataError) -> None:
        """Hand a fault on."""
        self._faulty.add(str(error.path))
        self._report(error)

    def split(self, path: Path, split: str) -> Split:
        """Return a split: a file, or the part of one that its share gives it.

        Raises:
            DataError: if the file can't be read.
            TooLittleLeftError: if too little of it can, and its faults were noted.
        """
        parts = self._config.made_of_train if self._config.is_parted else ()
        held = bool(parts) if split == "train" else split in parts
        sha256 = (
            FORMATS[self._config.format].digest(path)
            if split in parts
            else check_file(path, self._name, split, self._config, self.note)
        )
        key = sentence_key(sha256, self._config, split if held else None)
        make = partial(self._part, path, split) if held else partial(self._table, path)
        return Split(self._kept(key, make), sha256, key)

    def _kept(self, key: Mapping[str, object], make: Callable[[], Table]) -> Table:
        return make() if self._cache is None else cached(self._cache, key, Table, make)

    def _read(self, path: Path) -> Table:
        read_split = FORMATS[self._config.format].read_split or corpus_documents.read
        read = read_split(path, self._config, self._name, self.note)
        notes = {name: value for name, value in vars(read).items() if name != "sentences"}
        return Table.of(read.sentences, notes)

    def _part(self, path: Path, split: str) -> Table:
        table = self._table(path)
        parts = parted(table, self._config)
        meant = {"test"} if self._config.test_share == 0 else set[str]()
        empty = next((s for s, places in parts.items() if not len(places) and s not in meant), None)
        least = max(self._config.folds or 1, self._config.devel_folds or 1)
        if empty is not None or documents(table) < least:
            if str(path) in self._faulty:
                raise TooLittleLeftError
            raise self._too_few(path, documents(table), empty)
        # What the reader counted is known of the whole file alone: it stands with train.
        return table.take(parts[split], table.notes if split == "train" else {})

    def _wanted(self, what: str, split: str) -> int | None:
        """Return a count that the YAML gives of a split; None where it gives none.

        Of a file in folds those of all of its parts together count, for the file as a whole: each
        fold has other parts. So do they where a fold is devel, or there is no test.
        """
        given = getattr(self._config, what)
        parts = ("train", *self._config.made_of_train)
        if split not in parts or (self._config.folds, self._config.devel_folds) == (None, None):
            return given.get(split)
        known = [given[part] for part in parts if part in given]
        return sum(known) if known and not self._config.is_parted else None

    def _too_few(self, path: Path, count: int, empty: str | None) -> DataError:
        """Return the error of a file that has too few documents for its parts."""
        key, folds = f"dataset.{self._name}", self._config.folds
        many = "one document" if count == 1 else f"{count} documents"
        for name, number in (("folds", folds), ("devel_folds", self._config.devel_folds)):
            if number is not None and count <= number:
                found = f"has {many}, too few for {key}.{name}={number}"
                return DataError(path, None, found, "more documents, or fewer folds")
        if folds is not None and self._config.devel_folds is not None:
            found = f"has {many}, too few for {key}.folds={folds} and in it devel_folds"
            return DataError(path, None, found, "more documents, or fewer folds")
        found = f"has {many}, so that {key}.{empty}_share can't part it"
        return DataError(path, None, found, f"give {key}.files.{empty}")

    def compare(self, path: Path, split: str, found: Split) -> list[str]:
        """Return what a user should know, the counts of the YAML compared with those found.

        Those of an unverified dataset only warn.
        """
        warnings = [f"{split}: {note}" for note in found.sentences.notes.get("notes", ())]
        if found.repaired:
            warnings.append(f"{split}: {found.repaired} tags or annotations repaired")
        if str(path) in self._faulty:  # the counts lack what could not be read
            return warnings
        name, config = self._name, self._config
        counts = {"sentences": len(found.sentences), "mentions": found.sentences.mentions.total()}
        for what, count in counts.items():
            wanted = self._wanted(what, split)
            if wanted is None or count == wanted:
                continue
            text = f"{count} {what}, but dataset.{name}.{what}.{split} is {wanted}"
            if config.verified:
                self._report(DataError(path, None, f"has {text}", "correct the file or the YAML"))
            else:
                warnings.append(f"{split} has {text} (published, not verified)")
        return warnings


def check_file(
    path: Path, name: str, split: str, config: DatasetConfig, report: Report = raise_it
) -> str:
    """Return the SHA-256 of a split, compared with the YAML's where that gives one.

    Raises:
        DataError: if the file can't be read; by default also if it is another one.
    """
    found, wanted = FORMATS[config.format].digest(path), config.sha256.get(split)
    if wanted is not None and found != wanted.lower():
        says = f"its SHA-256 is {found}, but dataset.{name}.sha256.{split} is {wanted}"
        legal = (
            "remove the file so that it is fetched again, or correct the YAML if it is the "
            "file that you want"
        )
        report(DataError(path, None, says, legal))
    return found
