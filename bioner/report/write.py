"""Writes a report: `report.html`, `report.md`, `tables/` and `figures/`."""

import shutil
from collections.abc import Sequence
from functools import partial
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment
from markupsafe import Markup, escape

from bioner.machine.writing import whole
from bioner.report.about import About
from bioner.report.cores import over_cores
from bioner.report.drawing import save
from bioner.report.sections.section import Section
from bioner.report.table import NONE, Cell, Column, Table
from bioner.report.table_files import markdown, tex, write_csv
from bioner.runs.leftovers import remove_leftovers

_LONG = 36  # letters from which a cell is broken into lines


def write_report(folder: Path, about: About, sections: Sequence[Section]) -> None:
    """Write all files of a report; tables and figures of an earlier one are taken away first.

    The page is the last to be written: where it is, the report is whole.
    """
    page = folder / "report.html"
    page.unlink(missing_ok=True)
    remove_leftovers(folder)
    for part in ("tables", "figures"):
        shutil.rmtree(folder / part, ignore_errors=True)
        (folder / part).mkdir(parents=True)
    for section in sections:
        for table in section.tables:
            write_csv(table, folder / "tables")
            file = folder / "tables" / f"{table.name}.tex"
            file.write_text(tex(table, about.lines()), encoding="utf-8")
    drawings = [drawing for section in sections for drawing in section.drawings]
    saved = over_cores(partial(save, folder=folder / "figures"), drawings, least=8)
    for drawing, svg in zip(drawings, saved, strict=True):
        drawing.svg = svg
    with whole(folder / "report.md") as temporary:
        temporary.write_text(_markdown(about, sections), encoding="utf-8")
    with whole(page) as temporary:
        temporary.write_text(_page(about, sections), encoding="utf-8")


def _markdown(about: About, sections: Sequence[Section]) -> str:
    counts = ", ".join(f"{n} {name}" for name, n in about.counts.items())
    parts = [f"# {about.study}", *(f"- {line}" for line in about.lines()), f"- runs: {counts}", ""]
    parts += [f"{line}\n" for line in about.says]
    for section in sections:
        parts += [f"## {section.title}\n", *(f"{words}\n" for words in section.says)]
        for drawing in section.drawings:
            parts.append(f"![{drawing.caption}](figures/{drawing.name}.svg)\n\n{drawing.caption}\n")
        for table in section.tables:
            parts.append(f"### {table.title}\n\n{table.caption}\n\n{markdown(table)}\n")
    return "\n".join(parts)


def _page(about: About, sections: Sequence[Section]) -> str:
    folder = files("bioner.report.page")
    css, js, template = (
        (folder / f"report.{kind}").read_text(encoding="utf-8") for kind in ("css", "js", "html.j2")
    )
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    shown = [
        {**vars(section), "tables": [_shown(t) for t in section.tables]} for section in sections
    ]
    return environment.from_string(template).render(
        about=about, sections=shown, css=Markup(css), js=Markup(js)
    )


def _shown(table: Table) -> dict[str, object]:
    rows = [Markup("".join(map(_td, row, table.columns))) for row in table.cells]
    return {**vars(table), "rows": rows}


def _td(cell: Cell, column: Column) -> str:
    """Return a cell as HTML: in the template, hundreds of thousands of them take seconds."""
    kinds = {
        "number": column.number,
        "best": cell.best,
        "long": len(cell.text) > _LONG,
        "missing": cell.text in ("missing", NONE),
    }
    sorts = column.number and cell.value is not None
    value = f' data-v="{escape(cell.value)}"' if sorts else ""
    mark = f"<sup>{escape(cell.mark)}</sup>" if cell.mark else ""
    named = " ".join(kind for kind, holds in kinds.items() if holds)
    return f'<td class="{named}"{value}>{escape(cell.text)}{mark}</td>'
