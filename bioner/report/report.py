"""`bioner report`: from a study's records to its report, and a short table on the console."""

from collections.abc import Callable, Sequence
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from bioner.config.report import ReportConfig, Source
from bioner.machine.writing import check_place, naming
from bioner.report.about import About, about
from bioner.report.asked import with_left_out
from bioner.report.frame import rows_of
from bioner.report.pack import pack
from bioner.report.results import Results, analyse
from bioner.report.sections.collapsed import collapsed_section
from bioner.report.sections.conflict import conflict_section
from bioner.report.sections.cost import cost_section, runs_section
from bioner.report.sections.cross import cross_section
from bioner.report.sections.devel import devel_section
from bioner.report.sections.gains import gains_section, parts_section
from bioner.report.sections.measured import measured_section
from bioner.report.sections.mistakes import errors_section
from bioner.report.sections.regimes import regimes_section
from bioner.report.sections.scores import curves_section, scores_section
from bioner.report.sections.section import Section
from bioner.report.study import Problem, Run, read_study
from bioner.report.write import write_report
from bioner.runs.environment import git_commit
from bioner.runs.percent import percent

_SECTIONS: Sequence[Callable[[Results], Section | None]] = (
    scores_section,
    regimes_section,
    gains_section,
    parts_section,
    collapsed_section,
    curves_section,
    devel_section,
    measured_section,
    errors_section,
    cross_section,
    conflict_section,
    cost_section,
    runs_section,
)
# A console can't be searched or sorted.
_MOST_ROWS = 60
_MOST_LINES = 20


def report(config: ReportConfig, command: str) -> Path:
    """Write the report of a study and print its scores.

    Args:
        config: what is reported on.
        command: what was typed, for the provenance of the tables.

    Returns:
        The report's folder.

    Raises:
        UserError: no such study, or a value of the config that can't be used.
    """
    if config.pack is not None:
        check_place("pack", Path(config.pack))
    study = Path(config.runs_dir) / config.study
    runs, problems = _read(config, study)
    results = analyse(config, runs, problems)
    top = about(config.study, command, git_commit(), results)
    sections = [found for make in _SECTIONS if (found := make(results)) is not None]
    folder = study / "report"
    with naming(folder):
        write_report(folder, top, sections)
    _print(top, results, folder)
    if config.pack is not None:
        number = pack(runs, Path(config.pack))
        print(f"packed {number} complete runs, without the words of their corpora: {config.pack}")
    return folder


def _read(config: ReportConfig, study: Path) -> tuple[list[Run], list[Problem]]:
    if config.source == Source.records:
        runs, problems = read_study(study)
        return with_left_out(study, runs), problems
    from bioner.tracking.study_records import read_wandb_study

    records, damaged = read_wandb_study(config.study, str(config.project), config.entity)
    problems = [Problem("unreadable", url, why) for url, why in damaged.items()]
    return [Run(None, record) for record in records.values()], problems


def _collapsed(results: Results) -> list[str]:
    rows = results.tables["collapsed"]
    return [
        f"{row.place or row.run}  collapsed: {row.target}: no devel mention was found; "
        "it is in the means"
        for row in rows_of(rows)
    ]


def _print_lines(console: Console, lines: Sequence[str]) -> None:
    for line in lines[:_MOST_LINES]:
        console.print(line, highlight=False, soft_wrap=True, markup=False)
    if len(lines) > _MOST_LINES:
        console.print(f"… and {len(lines) - _MOST_LINES} more in the report")


def _print(top: About, results: Results, folder: Path) -> None:
    """Print the scores, what is not in them, and where the report is."""
    console = Console()
    scores = results.tables["scores"]
    table = Table(
        title=f"study {top.study}", box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True
    )
    apart = [
        n for n in ("encoder", "mixing", "variant") if scores.loc[scores[n] != "", n].nunique() > 1
    ]
    for title in ("regime", "target", "helped by", *apart, "size", "test F1", "seeds"):
        table.add_column(title, overflow="fold", no_wrap=title in ("regime", "target", "test F1"))
    ordered = scores.sort_values(
        ["target", "encoder", "size", "regime", "sources", "partners", "mixing", "variant"]
    )
    for row in rows_of(ordered.head(_MOST_ROWS)):
        helpers = [f"from {name}" for name in row.sources.split("+") if name]
        helpers += [f"with {name}" for name in row.partners.split("+") if name]
        spread = f" ± {percent(row.std)}" if row.n > 1 else ""
        shown = f"{percent(row.f1)}{spread}" if row.n else "missing"
        cells = ["\n".join(helpers), *(getattr(row, name) for name in apart), row.size, shown]
        table.add_row(row.regime, row.target, *cells, str(row.n))
    console.print(table)
    if len(scores) > _MOST_ROWS:
        console.print(f"… and {len(scores) - _MOST_ROWS} more cells in the report")
    console.print("runs: " + ", ".join(f"{n} {name}" for name, n in top.counts.items()))
    _print_lines(console, _collapsed(results))
    _print_lines(console, [f"{p.place}  {p.state}: {p.says}" for p in results.problems])
    console.print(f"report: {folder / 'report.html'}", highlight=False, soft_wrap=True)
