"""The page of a search."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from bioner.fit.candidates import SINGLE
from bioner.fit.result import FitResult, Tried
from bioner.fit.words import likely, paragraphs
from bioner.report.about import About
from bioner.report.sections.section import Section
from bioner.report.table import Column, Table, between, count, percent, points, signed, text
from bioner.report.write import write_report


def write_page(folder: Path, result: FitResult, command: str) -> None:
    """Write `report.html`, `report.md` and the tables as files, as those of a report."""
    made = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    counts = {
        "candidates": len(result.tried),
        "failed": sum(bool(one.failed) for one in result.tried),
        "sources": len(result.order),
    }
    commit = (result.commit or "not known")[:10]
    about = About(
        f"fit {result.target}",
        command,
        result.version,
        commit,
        made,
        counts,
        paragraphs(result)[:1],
        "the runs of the search",
    )
    sections = [_chosen(result), _tried(result), _sources(result), *_curve(result), _runs(result)]
    write_report(folder, about, sections)


def _chosen(result: FitResult) -> Section:
    rows = [
        {"split": split, **vars(gain)}
        for split, gain in (
            ("devel", result.devel),
            ("test", result.test),
            ("folds as test", result.expected and result.expected.gain),
        )
        if gain is not None
    ]
    columns = ["split", "base", "f1", "gain", "low", "high", "not_worse", "unit", "seeds"]
    table = Table(
        "gain",
        f"{result.best or result.chosen} against single",
        "Means over seeds, and the 95 % interval of the gain over redrawn units and, where there "
        "are several, seeds. "
        "Nothing was chosen by test. In folds as test the candidate is what their searches took.",
        pd.DataFrame(rows, columns=columns),
        [
            text("split", "split"),
            percent("base", "single, F1 %"),
            percent("f1", "candidate, F1 %"),
            points("gain", "gain"),
            between("low", "high", signed),
            percent("not_worse", "not worse, %"),
            count("seeds", "seeds"),
        ],
    )
    words = [*paragraphs(result)[1:], f"The same model: {result.command}"]
    return Section("chosen", "What is taken", words, [table] if rows else [])


def _tried(result: FitResult) -> Section:
    rows = [_row(one, result) for one in result.tried]
    columns = ["name", "sources", "reached", "epochs", "seeds", "devel", "std"]
    table = Table(
        "candidates",
        "Candidates",
        "Devel F1 in the last rung that each reached, the mean over its seeds, and the gain over "
        "single in the same rung. Gains of different rungs are not to be compared. A rung places "
        "its candidates by the expected gain: what they gained in it and, where gains of other "
        "targets are known, what these let one expect before.",
        pd.DataFrame(rows, columns=[*columns, "gain", "expected", "what"]),
        [
            text("name", "candidate"),
            count("reached", "rungs"),
            count("epochs", "epochs"),
            count("seeds", "seeds"),
            percent("devel", "devel F1 %", spread="std"),
            points("gain", "gain"),
            points("expected", "expected gain"),
            text("what", "what became of it"),
        ],
    )
    return Section("candidates", "What was tried", [], [table])


def _became(one: Tried, result: FitResult) -> str:
    if one.failed:
        return f"failed: {one.failed}"
    if one.name == result.chosen:
        return "taken"
    if one.name in (SINGLE, result.best):
        return "not taken"
    return f"left behind in rung {len(one.rungs)}"


def _row(one: Tried, result: FitResult) -> dict[str, object]:
    found: dict[str, object] = {
        "name": one.name,
        "sources": "+".join(one.sources),
        "reached": len(one.rungs),
        "what": _became(one, result),
    }
    if one.rungs:
        last = one.rungs[-1]
        devel = pd.Series(last.devel)
        found |= {"epochs": last.epochs, "seeds": len(last.seeds), "devel": devel.mean()}
        found["std"] = devel.std()
        if one.name != SINGLE:
            found |= {"gain": last.gain, "expected": last.expected}
    return found


def _sources(result: FitResult) -> Section:
    place = {one.source: (k, one) for k, one in enumerate(result.order, 1)}
    rows = []
    for one in result.sources:
        rank, found = place.get(one.name, (None, None))
        rows.append(
            {
                "name": one.name,
                "rank": rank,
                "score": found.score if found and found.helps is None else None,
                "gain": found.score if found and found.helps is not None else None,
                "low": found.low if found else None,
                "high": found.high if found else None,
                "helps": found.helps if found else None,
                "for": "; ".join(found.speaks_for) if found else "",
                "against": "; ".join(found.speaks_against) if found else "",
                "types": ", ".join(one.types),
                "shared": ", ".join(one.shared_types),
                "sentences": one.sentences,
                "leaked": one.leaked,
                "licence": one.licence or "not stated",
                "refused": one.refused,
            }
        )
    columns = [
        "rank",
        "name",
        "score",
        "gain",
        "low",
        "high",
        "helps",
        "for",
        "against",
        "types",
        "shared",
        "sentences",
    ]
    frame = pd.DataFrame(rows, columns=[*columns, "leaked", "licence", "refused"])
    frame = frame.sort_values("rank", kind="stable", ignore_index=True)
    table = Table(
        "sources",
        "Sources",
        "Every corpus that was looked at: its place by measures that need no training, or why it "
        "is no source.",
        frame,
        [
            count("rank", "place"),
            text("name", "corpus"),
            *_outlook(result),
            text("refused", "no source, since"),
            text("for", "for it"),
            text("against", "against it"),
            text("types", "types"),
            text("shared", "types of the target"),
            count("sentences", "train sentences"),
            count("leaked", "leaked"),
            text("licence", "licence"),
        ],
    )
    says = [f"The order: {result.basis}."] if result.basis else []
    return Section("sources", "Sources", says, [table])


def _outlook(result: FitResult) -> list[Column]:
    """Return the columns of what was expected of a source, or of its score where nothing tells."""
    if not any(one.helps is not None for one in result.order):
        return [count("score", "score", 3)]
    return [
        points("gain", "expected gain"),
        between("low", "high", signed, "80 %"),
        percent("helps", "above the noise, %", digits=0),
    ]


def _curve(result: FitResult) -> Iterator[Section]:
    if result.curve is None:
        yield Section("curve", "Learning curve", [f"Left out: {result.no_curve}."])
        return
    rows = [
        {
            "share": one.share,
            "sentences": one.sentences,
            "devel": pd.Series(one.devel).mean(),
            "std": pd.Series(one.devel).std(),
            "seeds": len(one.devel),
        }
        for one in result.curve.points
    ]
    table = Table(
        "curve",
        "Learning curve",
        f"Devel F1 of {result.curve.plan} by the number of labelled sentences, each size trained "
        "with the updates of the whole.",
        pd.DataFrame(rows),
        [
            percent("share", "labels, %", digits=0),
            count("sentences", "sentences"),
            percent("devel", "devel F1 %", spread="std"),
            count("seeds", "seeds"),
        ],
    )
    yield Section("curve", "Learning curve", [likely(result.curve)], [table])


def _runs(result: FitResult) -> Section:
    rows = [{"name": one.name, "command": one.command} for one in result.tried]
    table = Table(
        "runs",
        "All runs",
        "The line that makes the first run of each candidate.",
        pd.DataFrame(rows),
        [text("name", "candidate"), text("command", "command")],
    )
    return Section("runs", "Runs", [], [table])
