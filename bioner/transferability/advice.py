"""`bioner recommend`: which corpora to train on for a target, from raw files alone."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from rich.console import Console

from bioner.config.encoder_label import compared_as
from bioner.config.identity import name_in
from bioner.config.measure import measure_name
from bioner.config.recommend import RecommendConfig, measuring
from bioner.errors import DataError
from bioner.runs.percent import points
from bioner.transferability.admission import load_in_catalogue, look_at_sources
from bioner.transferability.known import load_known
from bioner.transferability.linearised import Linearised
from bioner.transferability.measure_directory import Results
from bioner.transferability.measuring import asked, fill
from bioner.transferability.recommendation import Advice, Recommendation, recommend
from bioner.transferability.registry import NotDefinedError, measures
from bioner.transferability.source_sets import grow
from bioner.transferability.workbench import Workbench

REGIME = "transfer"


def advise(config: RecommendConfig, overrides: Sequence[str] = ()) -> Recommendation:
    """Measure what is not measured yet, order the sources and print the order.

    Args:
        config: the checked config.
        overrides: what of the command line the command to run next must repeat.

    Raises:
        UserError: what the user gave can't be used.
    """
    target = load_in_catalogue(config.target, config)
    looked, corpora = look_at_sources(config, target, without_leaks=False)
    used = {name: config.dataset[name] for name in (config.target, *corpora)}
    config = replace(config, sources=[*corpora], dataset=used)
    found, workbench = ranked(config)
    leaks = {one.name: one.leaked for one in looked}
    size = config.target_size
    tested = len(target.splits["test"].sentences) > 0
    more = [*overrides, *([] if size is None else [f"finetune.train_size={size}"])]
    more += [] if tested else ["finetune.test=false"]
    console = Console(highlight=False, soft_wrap=True)
    _print(console, found, leaks)
    for one in looked:
        if one.refused:
            console.print(f"no source: {one.name}: {one.refused}", markup=False)
    if config.sets > 1:
        _print_sets(console, config, found, workbench)
    _print_next(console, found, leaks, more)
    return found


def ranked(config: RecommendConfig) -> tuple[Recommendation, Workbench]:
    """Measure what is not measured yet, and order the sources.

    Returns:
        The order, and what it was measured on.

    Raises:
        UserError: what the user gave can't be used.
    """
    known = load_known(Path(config.known) if config.known else None)
    wanted = measuring(config)
    folder = Path(config.runs_dir) / "recommend"
    directory = folder / name_in(folder, measure_name(wanted))
    directory.mkdir(parents=True, exist_ok=True)
    workbench = Workbench(wanted)
    target = workbench.corpora[config.target]
    if all(tag == "O" for s in target.splits["train"].sentences for tag in s.tags):
        raise DataError(
            config.target,
            None,
            "has no mention in its training sentences",
            "a target with mentions",
        )
    results: Results = fill(wanted, asked(wanted), workbench, directory)
    rows = results.values
    rows = rows[(rows["target"] == config.target) & rows["source"].isin(config.sources)]
    encoder = config.encoder
    label = compared_as(encoder.name, encoder.from_scratch, encoder.label)
    found = recommend(rows, config.target, measures(), known.of(REGIME, label))
    return found, workbench


def _print(console: Console, found: Recommendation, leaks: dict[str, int]) -> None:
    console.print(f"Sources for {found.target}. The order: {found.basis}.", markup=False)
    console.print(f"The score: {found.score_says}.\n", markup=False)
    for place, advice in enumerate(found.advice, 1):
        for line in _lines(place, advice, leaks[advice.source], found.target):
            console.print(line, markup=False)
    console.print("\nHow reliable such an order was:", markup=False)
    for line in found.reliability:
        console.print(f"  {line}", markup=False)


def _print_sets(
    console: Console, config: RecommendConfig, found: Recommendation, workbench: Workbench
) -> None:
    order = [one.source for one in found.advice]
    read = partial(workbench.profile, Linearised)
    console.print(
        "\nSets, by how far the loss on held-out words falls where a linear model of the encoder "
        "is trained on the target together with them:",
        markup=False,
    )
    try:
        for one in grow(config.target, order, config.sets, read):
            console.print(f"  {' + '.join(one.sources)}: {one.affinity:.1%}", markup=False)
    except NotDefinedError as error:
        console.print(f"  not defined: {error}", markup=False)


def _print_next(
    console: Console, found: Recommendation, leaks: dict[str, int], overrides: Sequence[str]
) -> None:
    best = found.advice[0].source
    command = ["bioner train", f"finetune.targets={found.target}", *overrides]
    if found.none_helps:
        console.print(f"\nNone is likely to help: {found.none_helps}.", markup=False)
    else:
        command[1:1] = ["pretrain=sources", f"pretrain.sources={best}"]
        command += ["leakage=drop"] * bool(leaks[best])
    console.print(f"\nNext:\n  {' '.join(command)}", markup=False)


def _lines(place: int, advice: Advice, leaks: int, target: str) -> list[str]:
    lines = [f"{place}. {advice.source}  ({_score(advice)})"]
    if advice.gain is not None:
        lines.append(f"   known gain on {target}: {points(advice.gain)} F1")
    lines += [f"   for: {text}" for text in advice.speaks_for]
    lines += [f"   against: {text}" for text in advice.speaks_against]
    if leaks:
        lines.append(
            f"   LEAKAGE: {leaks} of its training sentences stand in the devel or test split of "
            f"{target}; leakage=drop leaves them out"
        )
    return lines


def _score(advice: Advice) -> str:
    sure = advice.prospect
    if sure is None:
        return f"score {advice.score:.3f}"
    interval = f"[{points(sure.low)}, {points(sure.high)}]"
    return f"{points(advice.score)} {interval}, above the noise with probability {sure.helps:.2f}"
