"""The section of errors: what is missed, spurious, cut or mistyped."""

import pandas as pd

from bioner.report.drawing import Drawing, style
from bioner.report.figures import error_kinds
from bioner.report.mistake_kinds import KINDS, LENGTHS
from bioner.report.partial import SCHEMES
from bioner.report.results import Results
from bioner.report.sections.section import MOST_FIGURES, Section, axis_columns, ordered
from bioner.report.table import Table, count, percent, text


def errors_section(results: Results) -> Section | None:
    """Return the errors of every cell."""
    if results.frame[results.frame.status == "complete"].empty:
        return None
    tables = [_novelty(results.tables["seen_unseen"])]
    drawings: list[Drawing] = []
    if "error_kinds" in results.tables:
        tables += [
            _kinds(results.tables["error_kinds"]),
            _lengths(results.tables["mention_length"]),
            _partial(results.tables["partial_matches"]),
            _types(results.tables["type_errors"]),
        ]
        drawings = _drawn(results.tables["error_kinds"])
    if "error_words" in results.tables:
        tables.append(_words(results.tables["error_words"]))
    return Section(
        "errors",
        "Errors",
        [
            "All numbers are means over the runs of a cell. Seen mentions are those whose words, "
            "in lower case, are a mention of the training sentences."
        ],
        tables,
        drawings,
    )


def _drawn(table: pd.DataFrame) -> list[Drawing]:
    drawings: list[Drawing] = []
    groups = list(table.groupby(["encoder", "size", "variant"]))
    for (encoder, size, variant), part in groups[:MOST_FIGURES]:
        words = f" ({encoder}, train size {size} {variant}".rstrip() + ")" if groups[1:] else ""
        name = f"errors_{len(drawings) + 1}" if groups[1:] else "errors"
        caption = (
            f"Errors per 100 gold mentions{words}; where a regime has several sources or partners, "
            "the mean over them."
        )
        with style():
            drawings.append(error_kinds(name, caption, part))
    return drawings


def _novelty(table: pd.DataFrame) -> Table:
    table = ordered(table)
    axes, same = axis_columns(table)
    columns = [
        *axes,
        percent("seen_share", "seen %", digits=1),
        percent("seen", "F1 seen", spread="seen_std"),
        percent("unseen", "F1 unseen", spread="unseen_std", best="max"),
    ]
    caption = (
        "F1 on mentions that training has shown and on those that it has not, with the share of "
        f"gold mentions that are seen; the best F1 on unseen mentions is bold. {same}"
    )
    return Table(
        "seen_unseen",
        "Seen and unseen mentions",
        caption.strip(),
        table,
        columns,
        ["target", "encoder", "size"],
    )


def _kinds(table: pd.DataFrame) -> Table:
    table = ordered(table)
    axes, same = axis_columns(table)
    shares = [percent(kind, kind, best="max" if kind == "correct" else "min") for kind in KINDS]
    caption = (
        "Per 100 gold mentions. correct: the same words and type; type: the same words; boundary: "
        "an overlap with the type; boundary and type: an overlap with another type; missed: no "
        f"overlap. spurious: predicted mentions that overlap no gold one. {same}"
    )
    return Table(
        "error_kinds",
        "Kinds of errors",
        caption.strip(),
        table,
        [*axes, *shares, count("mentions", "gold mentions")],
        ["target", "encoder", "size"],
    )


def _lengths(table: pd.DataFrame) -> Table:
    table = ordered(table)
    axes, same = axis_columns(table)
    columns = [*axes, *(percent(n, f"{n} word" + ("" if n == "1" else "s")) for n in LENGTHS)]
    caption = f"Recall of gold mentions by their number of words, in percent. {same}"
    return Table("mention_length", "Mention length", caption.strip(), table, columns)


def _partial(table: pd.DataFrame) -> Table:
    table = ordered(table)
    axes, same = axis_columns(table)
    caption = (
        "F1 in percent as nervaluate counts it. strict: words and type; exact: words; partial: an "
        f"overlap is worth half; ent_type: an overlap with the type. {same}"
    )
    return Table(
        "partial_matches",
        "Partial matches",
        caption.strip(),
        table,
        [*axes, *(percent(scheme, scheme) for scheme in SCHEMES)],
    )


_GROUPS = ["target", "regime", "encoder", "size", "variant"]


def _types(table: pd.DataFrame) -> Table:
    table = ordered(table, _GROUPS)
    axes, same = axis_columns(table, _GROUPS)
    columns = [
        *axes,
        text("kind", "kind"),
        text("gold_type", "gold"),
        text("guess_type", "predicted"),
        count("per_run", "per run", 1),
    ]
    caption = f"The ten most frequent errors of each target and regime, by types. {same}"
    return Table("type_errors", "Most frequent errors", caption.strip(), table, columns)


def _words(table: pd.DataFrame) -> Table:
    table = ordered(table, _GROUPS)
    axes, same = axis_columns(table, _GROUPS)
    columns = [
        *axes,
        text("gold", "gold"),
        text("guess", "predicted"),
        count("per_run", "per run", 1),
    ]
    caption = (
        "The most frequent errors by their words, which are text of the corpora: their licences "
        f"may forbid to pass this table on. {same}"
    )
    return Table("error_words", "Most frequent errors, in words", caption.strip(), table, columns)
