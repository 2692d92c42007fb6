"""What a search found: `fit.json`."""

from dataclasses import asdict, dataclass
from pathlib import Path

from bioner.config.named_run import FIT
from bioner.fit.curve import Curve
from bioner.fit.nested import Expected
from bioner.fit.ranking import Ranking
from bioner.fit.search import Reached
from bioner.report.one_gain import Gain
from bioner.runs.json_file import typed_json, write_json
from bioner.transferability.admission import SourceFound
from bioner.transferability.belief import Belief


@dataclass
class Ranked:
    """Where a source stands before anything is trained.

    Attributes:
        source: its name.
        score: by which it was placed: the expected gain, in F1, where there is an interval for it.
        low: the lower end of an 80 % interval for the gain; None where too few gains are known.
        high: its upper end.
        helps: the probability that the gain is above what other seeds change.
        speaks_for: in plain words.
        speaks_against: likewise.
    """

    source: str
    score: float
    low: float | None
    high: float | None
    helps: float | None
    speaks_for: list[str]
    speaks_against: list[str]


@dataclass
class Tried:
    """A candidate and how it did.

    Attributes:
        name: what it is called.
        sources: that it takes.
        rungs: that it reached.
        failed: why it could not go on; "" where it could.
        command: the line that makes its first run.
    """

    name: str
    sources: list[str]
    rungs: list[Reached]
    failed: str
    command: str


@dataclass
class Cost:
    """What a search took.

    Attributes:
        budget: in runs of `single`.
        spent: of it, as planned: training and scoring devel, by updates.
        hours: of training, as measured; of all runs, each stage once.
    """

    budget: float
    spent: float
    hours: float


@dataclass
class FitResult:
    """The whole result.

    Attributes:
        target: the dataset that is served.
        run: the directory of the run that won, from the folder of this file.
        chosen: the candidate that it is of.
        best: the best candidate besides `single`, chosen or not; "" where all failed.
        why: the decision, in plain words.
        confidence: that was asked for.
        command: the line that makes the same model.
        devel: gain of `best` over `single` on devel; None where there is no `best`.
        before: its gain as it was expected before; None where nothing was known.
        together: what that and devel say together; None where nothing was known.
        test: the same of `chosen` on test, which nothing was chosen by; None where `single` was.
        test_f1: of each run of `chosen`, by seed; None where test has no mention.
        instead: what took the place of splits that the target lacks, in plain words.
        expected: F1 and gain in folds of train, where the target has no test.
        no_expected: why there is none, though it has no test.
        sources: of each corpus that was looked at.
        leakage: what became of their sentences that stand in the target's devel or test.
        order: of the sources, by measures.
        basis: what the order rests on.
        tried: the candidates, `single` first.
        curve: by the number of labels; None where it was left out.
        no_curve: why it was.
        cost: of all that.
        version: of bioner.
        commit: of the code, as far as it is known.
    """

    target: str
    run: str
    chosen: str
    best: str
    why: str
    confidence: float
    command: str
    devel: Gain | None
    before: Belief | None
    together: Belief | None
    test: Gain | None
    test_f1: dict[str, float | None]
    instead: list[str]
    expected: Expected | None
    no_expected: str
    sources: list[SourceFound]
    leakage: str
    order: list[Ranked]
    basis: str
    tried: list[Tried]
    curve: Curve | None
    no_curve: str
    cost: Cost
    version: str
    commit: str | None

    def write(self, folder: Path) -> None:
        """Write `fit.json`, the last file of a search."""
        write_json(folder / FIT, asdict(self))


@dataclass
class Earlier:
    """What a folder holds already of an earlier search.

    Attributes:
        target: of it.
        run: that won, from the folder.
    """

    target: str
    run: str

    @staticmethod
    def of(folder: Path) -> "Earlier | None":
        """Read it; None where there is none.

        Raises:
            UserError: `fit.json` is damaged.
        """
        file = folder / FIT
        if not file.is_file():
            return None
        return typed_json(Earlier, file.read_text(encoding="utf-8"), str(file))


def ranked_sources(ranking: Ranking) -> list[Ranked]:
    """Return where each source stands, the one that should help most first."""
    advice = ranking.recommendation.advice if ranking.recommendation else []
    return [
        Ranked(
            one.source,
            one.score,
            None if one.prospect is None else one.prospect.low,
            None if one.prospect is None else one.prospect.high,
            None if one.prospect is None else one.prospect.helps,
            one.speaks_for,
            one.speaks_against,
        )
        for one in advice
    ]
