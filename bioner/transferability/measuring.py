"""`bioner measure`: every asked measure of every pair that has no value yet."""

import logging
import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock
from rich.console import Console
from rich.table import Table

from bioner.config.identity import digest
from bioner.config.measure import MeasureConfig
from bioner.errors import ConfigError
from bioner.machine.progress_bar import ProgressBar
from bioner.machine.writing import naming, whole
from bioner.runs.leftovers import remove_leftovers
from bioner.transferability.heatmap import draw_heatmaps
from bioner.transferability.measure_directory import Results
from bioner.transferability.registry import Family, Measure, NotDefinedError, chosen
from bioner.transferability.view import TUNED, ViewName
from bioner.transferability.workbench import NoStageError, Workbench

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Wanted:
    """One value that is to be computed. `view` is "" for a measure without views."""

    source: str
    target: str
    measure: Measure
    view: str

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What tells it apart in the tables."""
        return self.source, self.target, self.measure.name, self.view


def measure_pairs(config: MeasureConfig, directory: Path) -> Results:
    """Compute, save and draw what is asked for and not there yet.

    Args:
        config: the checked config.
        directory: holds `measures.csv`, on demand `measures.parquet`, `skipped.csv`, `inputs.json`
            and `heatmaps/`.

    Raises:
        UserError: what the user gave can't be used.
    """
    measures = asked(config)
    with naming(directory):
        results = fill(config, measures, Workbench(config), directory)
        if config.parquet:
            with whole(directory / "measures.parquet") as temporary:
                results.values.to_parquet(temporary, index=False)
        if config.heatmaps:
            draw_heatmaps(results.values, measures, directory / "heatmaps")
    _say(config, measures, results, directory)
    return results


def fill(
    config: MeasureConfig, measures: Mapping[str, Measure], workbench: Workbench, directory: Path
) -> Results:
    """Compute and save what a directory lacks of what a config asks for.

    Processes that fill the same directory take turns.
    """
    inputs = {
        name: {split: digest(dict(content.key)) for split, content in corpus.splits.items()}
        for name, corpus in workbench.corpora.items()
    }
    with FileLock(directory / ".lock"):
        remove_leftovers(directory, directory / "heatmaps")
        results = Results(directory, inputs)
        before = results.done
        every = list(_all(config, measures))
        wanted = [one for one in every if one.key not in before]
        log.info("%d values to compute, %d there already", len(wanted), len(every) - len(wanted))
        _compute(workbench, wanted, results)
    return results


def asked(config: MeasureConfig) -> dict[str, Measure]:
    """Return the measures that a config asks for; without a joint run those that need none.

    Raises:
        ConfigError: an unknown one, or one that needs a joint run, named, and there is none.
    """
    measures = chosen("measures", config.measures)
    joint = [name for name, one in measures.items() if one.family == Family.joint]
    if config.joint is not None or not joint:
        return measures
    if {str(Family.joint), *joint} & {*config.measures}:
        found = f"{', '.join(joint)} needs a run that trained the datasets together"
        raise ConfigError(
            "joint",
            found,
            "the directory of a `bioner train finetune=mtl finetune.affinity_every=50 …`",
        )
    log.warning("left out: %s, which needs joint=RUN_DIR", ", ".join(joint))
    return {name: one for name, one in measures.items() if name not in joint}


def _all(config: MeasureConfig, measures: Mapping[str, Measure]) -> Iterator[Wanted]:
    for source in config.sources:
        for target in config.targets:
            if source != target:
                for one in measures.values():
                    for view in ViewName if one.reads in TUNED else [""]:
                        yield Wanted(source, target, one, str(view))


def _compute(workbench: Workbench, wanted: list[Wanted], results: Results) -> None:
    pairs: dict[tuple[str, str], list[Wanted]] = {}
    for one in wanted:
        pairs.setdefault((one.source, one.target), []).append(one)
    without_stage: dict[str, str] = {}
    last = ""
    with ProgressBar("pairs", len(pairs), seconds=0) as bar:
        for number, ((source, _), of_pair) in enumerate(pairs.items(), 1):
            if last not in ("", source):
                workbench.forget_source(last)
            last = source
            values, skipped = [], []
            for one in of_pair:
                if source in without_stage and one.view:
                    continue
                started = time.perf_counter()
                try:
                    value = compute(workbench, one)
                except NotDefinedError as error:
                    skipped.append((*one.key, str(error)))
                except NoStageError as error:
                    without_stage[source] = str(error)
                else:
                    values.append((*one.key, value, round(time.perf_counter() - started, 6)))
            results.add(values, skipped)
            bar.show(number, f"{number}/{len(pairs)}")
    for reason in without_stage.values():
        log.warning("left out: %s", reason)


def compute(workbench: Workbench, wanted: Wanted) -> float:
    """Return one value.

    Raises:
        NotDefinedError: there is none for this pair; the message says why.
        NoStageError: it needs a stage that is not there.
    """
    one = wanted.measure
    if wanted.view:
        view = ViewName(wanted.view)
        value = one.function(workbench.tuned(one.reads, wanted.source, wanted.target, view))
    else:
        value = one.function(
            workbench.profile(one.reads, wanted.source, as_target=False),
            workbench.profile(one.reads, wanted.target, as_target=True),
        )
    if not math.isfinite(value):
        raise NotDefinedError(f"the value is {value}")
    return float(value)


def _say(
    config: MeasureConfig, measures: Mapping[str, Measure], results: Results, directory: Path
) -> None:
    """Print for each target the closest sources by each measure, and where everything is."""
    console = Console()
    values = results.values
    for target in config.targets:
        table = Table("measure", "view", "closest", "then", "farthest", title=f"target {target}")
        rows = values[(values["target"] == target) & values["source"].isin(config.sources)]
        for (name, view), of_measure in rows.groupby(["measure", "view"], sort=False):
            if name in measures:
                best_first = sorted(
                    zip(of_measure["value"], of_measure["source"], strict=True),
                    key=lambda pair: -measures[str(name)].closeness(pair[0]),
                )
                said = [f"{source} {value:.3g}" for value, source in best_first]
                then = said[1] if len(said) > 2 else ""
                table.add_row(str(name), str(view), said[0], then, said[-1] if said[1:] else "")
        console.print(table)
    skipped = results.skipped[results.skipped["measure"].isin(measures)]
    if len(skipped):
        log.warning("%d values are not defined, see %s", len(skipped), directory / "skipped.csv")
    log.info("values: %s", directory / "measures.csv")
