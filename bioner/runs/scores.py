"""What a record says of predictions: strict scores, and those on other corpora."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass
class Scores:
    """Precision, recall and F1 (0..1) and the numbers of entities that they come from."""

    precision: float
    recall: float
    f1: float
    support: int
    predicted: int
    correct: int


@dataclass
class EntityScores(Scores):
    """Scores over all types together (micro), and of each type."""

    by_type: dict[str, Scores]


@dataclass
class SplitScores:
    """Scores of one split; apart those of mentions whose words training has shown, or has not.

    A split without any gold mention has no precision, recall and F1: they are None. Records from
    before this was so say 0.
    """

    precision: float | None
    recall: float | None
    f1: float | None
    support: int
    predicted: int
    correct: int
    by_type: dict[str, Scores]
    seen: Scores
    unseen: Scores


def split_scores(found: EntityScores, seen: Scores, unseen: Scores) -> SplitScores:
    """Return the scores of a split, without those that nothing defines."""
    scores = SplitScores(**vars(found), seen=seen, unseen=unseen)
    if not scores.support:
        scores.precision = scores.recall = scores.f1 = None
    return scores


@dataclass
class TargetScores:
    """The scores of one target with its selected weights.

    Attributes:
        devel: what they were selected by.
        test: None where the run was not to look at it (`finetune.test`).
    """

    devel: SplitScores
    test: SplitScores | None

    @property
    def test_f1(self) -> float | None:
        """The F1 on test, None where it has no mention or nobody looked."""
        return None if self.test is None else self.test.f1

    def by_split(self) -> dict[str, SplitScores]:
        """Return the scores under the names of their splits; of test only where it was scored."""
        found = {"devel": self.devel}
        return found if self.test is None else {**found, "test": self.test}


def mean_known(values: Iterable[float | None]) -> float | None:
    """Return the mean of the values that are known, None where none is."""
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


@dataclass
class PartialScores:
    """Precision, recall and F1 (0..1) that forgive borders."""

    precision: float
    recall: float
    f1: float


@dataclass
class TrainedOn:
    """How much of a split a run was trained on; only sentences that are long enough count.

    Attributes:
        sentences: of the split.
        trained_on: those of them that stand in what the run was trained on, whatever their
            tokenisation.
    """

    sentences: int
    trained_on: int


@dataclass
class CrossScores:
    """What `bioner evaluate` found of one head on one split of one dataset.

    Attributes:
        types: the types of the dataset that are scored, with what the head calls them.
        strict: strict scores over these types, as the head calls them.
        partial: scores that forgive borders, by the kind of forgiveness.
        leakage: how much of the split the run was trained on; None where that is not known.
        sha256: of the split's file.
    """

    types: dict[str, str]
    strict: EntityScores
    partial: dict[str, PartialScores]
    leakage: TrainedOn | None
    sha256: str
