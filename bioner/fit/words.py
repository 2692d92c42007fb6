"""What a search says in words: on its page, in the model card and on the terminal."""

from collections.abc import Sequence
from pathlib import Path

from bioner.config.shell_words import quoted
from bioner.config.train import Leakage
from bioner.fit.curve import Curve
from bioner.fit.decision import said, said_of_seeds
from bioner.fit.parting import Parting
from bioner.fit.result import FitResult, Ranked
from bioner.runs.percent import percent, points
from bioner.transferability.admission import SourceFound


def paragraphs(result: FitResult) -> list[str]:
    """Return what a reader must know: first what was chosen and why, then what it is worth."""
    found = [result.why + "."]
    found += result.instead
    if result.expected is not None:
        folds = ", ".join(
            f"{percent(f1)} % ({name})"
            for f1, name in zip(result.expected.f1, result.expected.chosen, strict=True)
        )
        found.append(
            f"F1 to expect: {percent(result.expected.gain.f1)} %, a gain of "
            f"{said(result.expected.gain)} over single: the mean over folds of train that the "
            f"searches of their own never saw, {folds}."
        )
    elif result.no_expected:
        found.append(f"No F1 is to be expected of it: there is no test, and {result.no_expected}.")
    if result.test is not None:
        found.append(
            f"On test, which nothing was chosen by, {result.chosen} gains {said(result.test)} over "
            f"single ({percent(result.test.base)} %): {said_of_seeds(result.test)}."
        )
    scores = [one for one in result.test_f1.values() if one is not None]
    if scores:
        seeds = ", ".join(f"{percent(one)} % (seed {s})" for s, one in result.test_f1.items())
        mean = sum(scores) / len(scores)
        best = "the first" if result.instead else "the one that is best on devel"
        found.append(
            f"F1 on test: {percent(mean)} % in the mean, {seeds}; the run that is handed out is "
            f"{best}."
        )
    if result.curve is not None:
        found.append(likely(result.curve))
    hurt = [
        f"{one.name} ({points(one.rungs[-1].gain)} after {_epochs(one.rungs[-1].epochs)})"
        for one in result.tried[1:]
        if one.rungs and one.rungs[-1].gain < 0
    ]
    if hurt:
        found.append(f"Below single on devel where they ended: {', '.join(hurt)}.")
    leaks = [f"{one.name} {one.leaked}" for one in result.sources if one.leaked and not one.refused]
    if leaks:
        found.append(
            "Training sentences of sources that stand in the target's devel or test, and how many: "
            f"{', '.join(leaks)}. {_became(result.leakage)}"
        )
    cost = result.cost
    found.append(
        f"The search took {cost.spent:.1f} of {cost.budget:.1f} runs of single, as planned by "
        f"updates, and {cost.hours:.2f} hours of training, as measured."
    )
    return found


def _epochs(number: int) -> str:
    return f"{number} epoch{'' if number == 1 else 's'}"


def _became(leakage: str) -> str:
    if leakage == Leakage.drop:
        return "They are left out (leakage=drop)."
    return (
        f"They were trained on (leakage={leakage}): scores of what learnt from these sources are "
        "too high."
    )


def how_to_use(folder: Path) -> str:
    """Return the command that tags text."""
    run = quoted(f"run={folder}")
    return f"bioner predict {run} input=abstracts.pubtator output=annotated.pubtator"


def say(result: FitResult, folder: Path) -> None:
    """Print what was chosen, why, what it gains, and what to type next."""
    for one in paragraphs(result):
        print(one)
    print(f"\nThe same model:\n  {result.command}")
    print(f"To tag text:\n  {how_to_use(folder)}")
    print(f"The page: {folder / 'report.html'}")


def likely(curve: Curve) -> str:
    """Return what further labels are likely to give."""
    return (
        f"The next {curve.more} labelled sentences are likely to give {curve.plan} "
        f"{points(curve.gain)} points of devel F1 [{points(curve.low)}, "
        f"{points(curve.high)}]: what the last doubling of the labels gave, for as much of a "
        "doubling as they are."
    )


def parting_in_words(parting: Parting, seeds: int) -> list[str]:
    """Return what takes the place of the splits that the target lacks."""
    found = []
    if parting.devel:
        scored = min(seeds, parting.devel)
        found.append(
            f"{parting.target} has no devel: train is parted into {parting.devel} folds, and each "
            f"seed trains on the others and is scored on its own ({scored} of them). Epochs are "
            "not selected. What is taken is trained on all of train."
        )
    if parting.test:
        found.append(
            f"{parting.target} has no test: {parting.test} folds of train are test in turn, each "
            "with a search of its own that never sees it."
        )
    elif parting.lacks_test:
        found.append(f"{parting.target} has no test, and test_folds=0: no F1 is to be expected.")
    return found


def source_lines(looked: Sequence[SourceFound], order: Sequence[Ranked]) -> list[str]:
    """Return a line for each corpus that was looked at: those that are sources in their order."""
    found = {one.name: one for one in looked}
    alone = len(order) == 1
    lines = [f"{k}. {one.source}: {_outlook(one, alone)}" for k, one in enumerate(order, 1)]
    lines += [f"no source: {one.name}: {one.refused}" for one in looked if one.refused]
    leaks = (found[one.source].leaked for one in order)
    return [
        line + (f"; {leak} of its sentences stand in the target's devel or test" if leak else "")
        for line, leak in zip(lines, [*leaks, *[0] * len(lines)], strict=False)
    ]


def _outlook(one: Ranked, alone: bool) -> str:
    if one.low is None or one.high is None or one.helps is None:
        # A score is the share of the other sources that it beats.
        scored = "the only source" if alone else f"score {one.score:.3f}"
        return f"{scored}, whether it helps is not known before"
    interval = f"[{points(one.low)}, {points(one.high)}]"
    sure = f"above the noise with probability {one.helps:.2f}"
    return f"expected gain {points(one.score)} {interval}, {sure}"
