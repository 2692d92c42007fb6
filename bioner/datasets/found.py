"""What the actions of `bioner datasets` find, for the JSON and for the lines of text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bioner.corpora.audits.file_faults import Fault
from bioner.corpora.audits.shared_sentences import Leak, Repeats
from bioner.corpora.audits.split_counts import SplitCounts

if TYPE_CHECKING:
    from bioner.batches.audit import TokenizerLoss


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
class Checked:
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
    tokenizers: dict[str, dict[str, dict[str, TokenizerLoss]]]

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


@dataclass(frozen=True)
class NewDataset:
    """What a path holds.

    Attributes:
        name: of the dataset.
        yaml: the file that was written.
        format: of the files.
        scheme: of the tags; "" where the format has none.
        files: of each split.
        types: the entity types.
        splits: what each split holds.
        remarks: what the user should know, one sentence each.
        folds: that may be made of the file; 0 where there is a test split, or too little for them.
    """

    name: str
    yaml: str
    format: str
    scheme: str
    files: dict[str, str]
    types: list[str]
    splits: dict[str, SplitCounts]
    remarks: list[str]
    folds: int
