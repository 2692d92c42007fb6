"""The section of the angles between the gradients of tasks that train together."""

import pandas as pd

from bioner.report.analyses.conflict import ALL
from bioner.report.results import Results
from bioner.report.sections.section import Section, axis_columns
from bioner.report.table import Column, Row, Table, count, text


def conflict_section(results: Results) -> Section | None:
    """Return the cosines of the gradients of each pair of tasks, where a run has looked."""
    table = results.tables["conflict"]
    if table.empty:
        return None
    axes, same = axis_columns(table)
    columns = [
        *axes,
        text("first", "task"),
        text("second", "other task"),
        text("part", "part"),
        Column("cosine", "cosine", _cosine),
        count("n", "runs"),
        count("looks", "looks"),
    ]
    caption = (
        "Cosine of the gradients of the two tasks' losses, a mean over looks and runs ± the "
        f"standard deviation between runs; below 0 they conflict. {same}"
    )
    return Section(
        "conflict",
        "Gradients of tasks that train together",
        [
            "What finetune.conflict_every has looked at: whether a step that helps one task helps "
            f"another, over {ALL} and over each part of them. Where tasks don't conflict, there "
            "is little for a gradient method to mend."
        ],
        [Table("conflict", "Cosines of gradients", caption.strip(), table, columns)],
    )


def _cosine(row: Row) -> str:
    shown = f"{row['cosine']:.3f}"
    spread: str = "" if pd.isna(row["std"]) else f" ± {row['std']:.3f}"
    return f"{shown}{spread}".replace("-", "−")
