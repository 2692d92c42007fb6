"""What a search says in words: on its page, in the model card and on the terminal."""

from pathlib import Path

from bioner.fit.curve import Curve
from bioner.fit.decision import said
from bioner.fit.result import FitResult
from bioner.runs.percent import percent, points


def paragraphs(result: FitResult) -> list[str]:
    """Return what a reader must know: first what was chosen and why, then what it is worth."""
    found = [result.why + "."]
    if result.test is not None:
        found.append(
            f"On test, which nothing was chosen by, {result.chosen} gains {said(result.test)} over "
            f"single ({percent(result.test.base)} %): the mean over {result.test.seeds} seeds, and "
            f"its 95 % interval over {result.test.unit}s and seeds."
        )
    scores = [one for one in result.test_f1.values() if one is not None]
    if scores:
        seeds = ", ".join(f"{percent(one)} % (seed {s})" for s, one in result.test_f1.items())
        mean = sum(scores) / len(scores)
        found.append(
            f"F1 on test: {percent(mean)} % in the mean, {seeds}; the run that is handed out is "
            "the one that is best on devel."
        )
    if result.curve is not None:
        found.append(likely(result.curve))
    hurt = [
        f"{one.name} ({points(one.rungs[-1].gain)} after {one.rungs[-1].epochs} epochs)"
        for one in result.tried[1:]
        if one.rungs and one.rungs[-1].gain < 0
    ]
    if hurt:
        found.append(f"Below single on devel where they ended: {', '.join(hurt)}.")
    leaks = [f"{one.name} {one.leaked}" for one in result.sources if one.leaked and not one.refused]
    if leaks:
        found.append(
            "Training sentences of sources that stand in the target's devel or test, and how many: "
            f"{', '.join(leaks)}. leakage=drop, the default of fit, leaves them out."
        )
    cost = result.cost
    found.append(
        f"The search took {cost.spent:.1f} of {cost.budget:.1f} runs of single, as planned by "
        f"updates, and {cost.hours:.2f} hours of training, as measured."
    )
    return found


def how_to_use(folder: Path) -> str:
    """Return the command that tags text."""
    return f"bioner predict run={folder} input=abstracts.pubtator output=annotated.pubtator"


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
        f"The next {curve.more} labelled sentences are likely to give "
        f"{points(curve.gain)} points of devel F1 [{points(curve.low)}, "
        f"{points(curve.high)}]: what the last doubling of the labels gave, for as much of a "
        "doubling as they are."
    )
