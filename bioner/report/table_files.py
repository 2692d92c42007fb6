"""Tables as files: CSV for machines, TeX (booktabs) and Markdown for papers."""

import re
from collections.abc import Sequence
from pathlib import Path

from bioner.report.table import Cell, Table

_TEX = str.maketrans(
    {
        "&": r"\&",
        "%": r"\%",
        "$": r"\$",
        "#": r"\#",
        "_": r"\_",
        "{": r"\{",
        "}": r"\}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "\\": r"\textbackslash{}",
        "±": r"$\pm$",
        "−": r"$-$",
        "–": "--",
        "<": r"$<$",
        ">": r"$>$",
        "∞": r"$\infty$",
        "τ": r"$\tau$",
        "š": r"\v{s}",
        "²": r"$^2$",
        "←": r"$\leftarrow$",
    }
)


def write_csv(table: Table, folder: Path) -> None:
    """Write all values of a table, scores from 0 to 1."""
    table.frame.to_csv(folder / f"{table.name}.csv", index=False)


def markdown(table: Table) -> str:
    """Return a table in GitHub's Markdown: the best in bold, marks behind the numbers."""
    head = [column.title for column in table.columns]
    rule = ["--:" if column.number else "---" for column in table.columns]
    rows = [[_md(cell) for cell in row] for row in table.cells]
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, rule, *rows))


def _md(cell: Cell) -> str:
    escaped = re.sub(r"([\\|*_`<\[\]])", r"\\\1", cell.text).replace("\n", " ")
    shown = f"**{escaped}**" if cell.best else escaped
    return shown + cell.mark.replace("*", r"\*")


def tex(table: Table, sources: Sequence[str]) -> str:
    """Return a `table` with booktabs' rules, caption and label, to be input in a paper.

    Its label is `tab:NAME`; a table that has a version for papers is written as that.

    Args:
        table: what is written.
        sources: lines that say where the numbers are from, each made a comment.
    """
    table = table.paper or table
    layout = "".join("r" if column.number else "l" for column in table.columns)
    head = " & ".join(_escape(column.title) for column in table.columns)
    rows = [" & ".join(_tex(cell) for cell in row) + r" \\" for row in table.cells]
    comments = [f"% {line}" for line in (table.title, *table.caption.split("\n"), *sources)]
    body = [
        r"\begin{table}[t]",
        r"\centering",
        rf"\caption{{{_escape(f'{table.title}. {table.caption}'.strip())}}}",
        rf"\label{{tab:{table.name}}}",
        rf"\begin{{tabular}}{{{layout}}}",
        r"\toprule",
        head + r" \\",
        r"\midrule",
        *rows,
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
    ]
    return "\n".join([*comments, *body]) + "\n"


def _tex(cell: Cell) -> str:
    shown = rf"\textbf{{{_escape(cell.text)}}}" if cell.best else _escape(cell.text)
    return shown + (f"$^{{{cell.mark}}}$" if cell.mark else "")


def _escape(text: str) -> str:
    return text.translate(_TEX)
