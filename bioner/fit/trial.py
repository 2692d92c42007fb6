"""One run of a search, before it is one."""

from dataclasses import dataclass

from bioner.fit.candidates import Candidate


@dataclass(frozen=True)
class Trial:
    """One run of a candidate.

    Attributes:
        candidate: whose.
        seed: of the run.
        words: further overrides, as of a part of the labels.
        test: whether test is scored.
        outer: which fold of train is test; 0: none is.
        whole: whether it is trained on the folds too that are devel.
    """

    candidate: Candidate
    seed: int
    words: tuple[str, ...] = ()
    test: bool = False
    outer: int = 0
    whole: bool = False
