"""What `bioner fit` would have taken in a study, rung by rung, on its finished runs.

mkdir -p runs/lowres10 && tar xf experiments/lowres/lowres10.tar.xz -C runs/lowres10
python experiments/fit/replay.py runs/lowres10

Three searches, each with the first seed of every target: transfer from the first three sources;
these, MTL with the first and both, as far as the study has them; and transfer from the first, alone
and with MTL after it. A budget of 12 runs pays for most of the second. The order of
sources and the gains to expect are those of the package's known gains without the target's own. Not
replayed: further seeds, and the draws by which a search compares on devel; the standard error of F1
takes their place.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path

import numpy as np
import pandas as pd

from bioner.fit.candidates import BOTH, MTL, SINGLE, TRANSFER, Candidate
from bioner.fit.expectation import Expectation
from bioner.fit.rungs import Rung, going_on, rungs
from bioner.model.f1_error import f1_standard_error
from bioner.report.study import read_study
from bioner.runs.record import Record
from bioner.transferability.belief import Belief
from bioner.transferability.foreknowledge import Foreknowledge, beside_transfer
from bioner.transferability.known import Known, load_known
from bioner.transferability.outlook import Experience, closeness_of, standard
from bioner.transferability.registry import measures

ENCODER, FIRST = "minilm", 1
CONFIDENCES = (0.5, 0.7, 0.8, 0.9)
Plan = tuple[str, str]
"""A regime and its source; "" for `single`."""
Asked = Sequence[tuple[str, int]]
"""The candidates of a search: regimes, each with the place of its source in their order."""

THREE = "transfer from the first three"
SEARCHES: dict[str, Asked] = {
    THREE: [(TRANSFER, 0), (TRANSFER, 1), (TRANSFER, 2)],
    "these, MTL with the first, and both": [
        (TRANSFER, 0),
        (TRANSFER, 1),
        (TRANSFER, 2),
        (BOTH, 0),
        (MTL, 0),
    ],
    "transfer from the first, and both": [(TRANSFER, 0), (BOTH, 0)],
}


@dataclass(frozen=True)
class Ended:
    """How one run ended, and how it came there.

    Attributes:
        devel: F1 after each epoch.
        test: F1.
        mentions: of devel.
    """

    devel: Sequence[float]
    test: float
    mentions: int

    def best(self, share: float) -> float:
        """Return the best devel F1 in a share of the epochs."""
        return max(self.devel[: ceil(share * len(self.devel))])


def ended(record: Record, target: str) -> Ended | None:
    """Return how a run ended; None where its record lacks the looks at devel."""
    looks, scores = record.stages[-1].looks, record.scores[target]
    test = scores.test_f1
    if not looks or scores.devel is None or test is None:
        return None
    return Ended([one.f1[target] or 0.0 for one in looks], test, scores.devel.support)


def runs_of(study: Path) -> dict[str, dict[Plan, Ended]]:
    """Return the runs of each target with the first seed and one source or none."""
    found: dict[str, dict[Plan, Ended]] = {}
    for run in read_study(study)[0]:
        record, config = run.record, run.record.config
        if record.status != "complete":
            continue
        sources = {*config["pretrain"]["sources"], *config["finetune"]["auxiliaries"]}
        (target,) = config["finetune"]["targets"]
        one = ended(record, target)
        if one is not None and record.seed == FIRST and len(sources) <= 1:
            found.setdefault(target, {})[record.regime, "".join(sources)] = one
    return {target: plans for target, plans in found.items() if (SINGLE, "") in plans}


def foreknown(known: Known, target: str) -> Foreknowledge:
    """Return what the gains of the other targets let one expect, the first source first."""
    others = known.but(target)
    fair = {name: one for name, one in measures().items() if not one.oracle}
    experience = Experience.of(others.of(TRANSFER, ENCODER), fair)
    values = known.measures[known.measures["target"] == target]
    values = values[values["measure"].isin(fair)]
    outlook = experience.outlook(standard(closeness_of(values, fair)[target]))
    assert outlook is not None
    order = outlook.expected.sort_values(ascending=False, kind="stable").index
    beliefs = {s: Belief(float(outlook.expected[s]), float(outlook.error[s])) for s in order}
    return Foreknowledge(beliefs, beside_transfer(others.gains))


@dataclass(frozen=True)
class Replayed:
    """One search.

    Attributes:
        target: its target.
        plan: its best candidate.
        devel: the gain of that on devel, with its error.
        together: what that and known gains say.
        gain: on test.
        most: the largest gain on test of all runs of the target, at least 0.
    """

    target: str
    plan: Plan
    devel: Belief
    together: Belief
    gain: float
    most: float

    def taken(self, knows: bool, confidence: float) -> float:
        """Return the gain on test of what is taken, with known gains or by devel alone."""
        sure = (self.together if knows else self.devel).not_worse
        return self.gain if sure >= confidence else 0.0


def replay(
    target: str, plans: dict[Plan, Ended], asked: Asked, known: Foreknowledge, knows: bool
) -> Replayed:
    """Go up the rungs of a search.

    Args:
        target: its target.
        plans: the runs.
        asked: the candidates.
        known: the gains to expect.
        knows: whether the rungs weigh devel against these.
    """
    single, order = plans[SINGLE, ""], [*known.transfer]
    others = [plan for regime, place in asked if (plan := (regime, order[place])) in plans]
    expectation = Expectation(known if knows else None, single.mentions)

    def expected(plan: Plan, rung: Rung) -> float:
        f1, base = (one.best(rung.share) for one in (plans[plan], single))
        return expectation.in_rung(_candidate(plan), f1, base, rung.blur)

    alive = others
    for place, rung in enumerate(rungs(len(single.devel), 3)):
        gains = {plan: expected(plan, rung) for plan in alive[: going_on(len(others), place)]}
        alive = sorted(gains, key=lambda plan: -gains[plan])
    best = alive[0]
    base, gold = single.best(1), single.mentions
    error = rung.blur * f1_standard_error(gold, gold, round(base * gold))
    devel = Belief(plans[best].best(1) - base, error)
    before = Expectation(known, gold).before(_candidate(best))
    together = devel if before is None else before.after(devel)
    most = max(0.0, *(one.test - single.test for one in plans.values()))
    return Replayed(target, best, devel, together, plans[best].test - single.test, most)


def _candidate(plan: Plan) -> Candidate:
    return Candidate("", plan[0], (), (plan[1],))


def blur(study: dict[str, dict[Plan, Ended]]) -> pd.DataFrame:
    """Return by the share of the epochs how far gains on devel are from those on test.

    Columns: share, runs, errors (the root mean square in standard errors of devel F1) and spearman
    (of both, over all runs).
    """
    rows = []
    for share in (0.2, 0.5, 1.0):
        off, devel, test = [], [], []
        for plans in study.values():
            single = plans[SINGLE, ""]
            base, gold = single.best(share), single.mentions
            error = f1_standard_error(gold, gold, round(single.best(1) * gold))
            for plan, one in plans.items():
                if plan[0] != SINGLE:
                    devel.append(one.best(share) - base)
                    test.append(one.test - single.test)
                    off.append((devel[-1] - test[-1]) / error)
        rank = pd.Series(devel).corr(pd.Series(test), method="spearman")
        rows.append((share, len(off), float(np.sqrt(np.square(off).mean())), float(rank)))
    return pd.DataFrame(rows, columns=["share", "runs", "errors", "spearman"])


def main() -> None:
    """Print what the page shows."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("study", type=Path, help="the folder of a study's runs")
    study = runs_of(parser.parse_args().study)
    known = load_known().with_encoder(ENCODER)
    print("| after | runs | off by (standard errors) | Spearman |\n| --: | --: | --: | --: |")
    for share, runs, errors, rank in blur(study).itertuples(index=False):
        print(f"| {share:.0%} of the epochs | {runs} | {errors:.2f} | {rank:.2f} |")
    beliefs = {target: foreknown(known, target) for target in sorted(study)}

    def searches(asked: Asked, knows: bool) -> list[Replayed]:
        return [replay(target, study[target], asked, beliefs[target], knows) for target in beliefs]

    print("\n| target | candidate | before | devel | together | not worse | test | most |")
    print("| --- | --- | --: | --: | --: | --: | --: | --: |")
    for one in searches(SEARCHES[THREE], True):
        before = Expectation(beliefs[one.target], 1).before(_candidate(one.plan))
        cells = [
            f"| {one.target}",
            f"{' '.join(one.plan)}",
            _belief(before),
            _belief(one.devel),
            _belief(one.together),
            f"{one.together.not_worse:.0%}",
            _points(one.gain),
            f"{_points(one.most)} |",
        ]
        print(" | ".join(cells))
    print("\n| candidates | confidence | known gains too: share | worst | devel alone | worst |")
    print("| --- | --: | --: | --: | --: | --: |")
    for name, asked in SEARCHES.items():
        both = [searches(asked, knows) for knows in (True, False)]
        for confidence in CONFIDENCES:
            print(f"| {name} | {confidence:.0%} | {_shares(both, confidence)} |")


def _shares(both: Sequence[Sequence[Replayed]], confidence: float) -> str:
    cells = []
    for knows, found in zip((True, False), both, strict=True):
        gains = np.array([one.taken(knows, confidence) for one in found])
        share = gains.sum() / sum(one.most for one in found)
        cells += [f"{share:.2f}", _points(float(gains.min()))]
    return " | ".join(cells)


def _points(gain: float) -> str:
    return f"{100 * gain:+.2f}".replace("-", "−")


def _belief(found: Belief | None) -> str:
    return "" if found is None else f"{_points(found.mean)} ± {100 * found.error:.2f}"


if __name__ == "__main__":
    main()
