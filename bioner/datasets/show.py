"""What `bioner datasets` finds, as lines of text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

from rich.bar import Bar
from rich.console import Console

from bioner.config.dataset import SPLITS
from bioner.config.datasets import Action
from bioner.corpora.audits.shared_sentences import PAIRS, SHORTEST, Leak, Repeats
from bioner.corpora.audits.split_counts import BAR_WORDS, OPEN_BAR, SplitCounts
from bioner.datasets.found import Checked, Entry, NewDataset

if TYPE_CHECKING:
    from bioner.batches.audit import TokenizerLoss

_BAR = 40  # characters of the longest bar of a histogram


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a table: the first column to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    for row in (header, *rows):
        first, *others = zip(row, widths, strict=True)
        cells = [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]
        yield "  ".join(cells).rstrip()


def catalogue_lines(found: Mapping[str, Entry]) -> Iterator[str]:
    """Yield the catalogue: two lines a dataset."""
    for name, entry in found.items():
        marks = ["here" if entry.here else "not here"]
        marks += [] if entry.verified else ["not verified"]
        yield f"{name}  ({', '.join(marks)})  {entry.title}"
        types = entry.types if len(entry.types) <= 6 else [*entry.types[:5], "…"]
        sizes = " / ".join(f"{n:,}" for n in entry.sentences.values())
        mentions = f"{sum(entry.mentions.values()):,} mentions" if entry.mentions else ""
        facts = (
            f"types: {', '.join(types) or 'those of the files'}",
            f"sentences: {sizes or 'not known'}",
            mentions,
            f"licence: {entry.licence or 'not stated'}",
        )
        yield f"    {'; '.join(fact for fact in facts if fact)}"


def fetched_lines(found: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    """Yield the files of each dataset."""
    for name, files in found.items():
        yield f"{name}: {', '.join(files.values())}"


def described_lines(found: Mapping[str, Mapping[str, SplitCounts]]) -> Iterator[str]:
    """Yield the counts of each dataset, a table and histograms."""
    for name, splits in found.items():
        yield f"{name}"
        yield from _count_table(splits, {})
        for split in (split for split in splits if split in SPLITS):
            one = splits[split]
            yield f"\n{name} {split}: sentences of so many words"
            yield from _histogram({_bar_label(k): n for k, n in one.sentence_lengths.items()})
            yield f"\n{name} {split}: mentions of so many words"
            yield from _histogram({str(k): n for k, n in one.mention_lengths.items()})
            yield f"\n{name} {split}: most frequent mentions"
            frequent = [[f"{one.text} ({one.type})", f"{one.count:,}"] for one in one.frequent]
            yield from table(["mention", "times"], frequent)
        yield ""


def _count_table(splits: Mapping[str, SplitCounts], remarks: Mapping[str, str]) -> Iterator[str]:
    types = list(next(iter(splits.values())).mentions)
    header = ["split", "sentences", "words", "without mention", "longest", *types]
    rows = [
        [
            split + remarks.get(split, ""),
            f"{one.sentences:,}",
            f"{one.words:,}",
            _share(one.without_mention, one.sentences),
            f"{one.longest_sentence}",
            *(f"{one.mentions[type_name]:,}" for type_name in types),
        ]
        for split, one in splits.items()
    ]
    yield from table(header, rows)


def _bar_label(start: int) -> str:
    return f"{start} and more" if start == OPEN_BAR else f"{start}-{start + BAR_WORDS - 1}"


def _histogram(counts: Mapping[str, int]) -> Iterator[str]:
    console, most = Console(width=_BAR), max(counts.values(), default=1)
    width = max(map(len, counts), default=0)
    least = most / (8 * _BAR)  # the thinnest bar: what there is can be seen
    for label, n in counts.items():
        bar = "".join(piece.text for piece in console.render(Bar(most, 0, n and max(n, least))))
        yield f"{label.rjust(width)} {bar.rstrip()} {n:,}"


def found_lines(found: NewDataset) -> Iterator[str]:
    """Yield what a user's own path holds, and where its YAML is."""
    scheme = f", tags {found.scheme}" if found.scheme else ""
    yield f"{found.name}: format {found.format}{scheme}, types {', '.join(found.types)}"
    yield from _count_table(
        found.splits, {split: f" ({file})" for split, file in found.files.items()}
    )
    for remark in found.remarks:
        yield f"note: {remark}"
    yield f"written: {found.yaml}"
    folder = quote(str(Path(found.yaml).parent.parent))
    lacking = [split for split in SPLITS if split not in found.splits]
    if lacking:
        keys = " and ".join(f"files.{split}" for split in lacking)
        yield f"before it can be used, {found.yaml} needs {keys}"
        return
    yield f"to use it: bioner train --config-dir {folder} finetune.targets={found.name}"
    if found.folds:
        key, folds = f"dataset.{found.name}", range(1, found.folds + 1)
        yield (
            f"with {found.folds} folds, each in its turn the test split: "
            f"bioner train -m --config-dir {folder} finetune.targets={found.name} "
            f"{key}.test_share=null {key}.folds={found.folds} fold={','.join(map(str, folds))}"
        )


def checked_lines(found: Checked) -> Iterator[str]:
    """Yield what `check` found, the errors first and what makes its exit code 1 at the end."""
    errors = sum(fault.count for fault in found.errors)
    yield f"errors: {errors:,}" if errors else "errors: none"
    for fault in found.errors:
        place = fault.path if fault.line is None else f"{fault.path}:{fault.line}"
        yield f"  {place}: {fault.message}"
    yield f"\nrepeated sentences, word for word (of {SHORTEST} words and more)"
    yield from _repeat_lines(found.duplicates)
    yield (
        f"\nleakage: sentences of {SHORTEST} words and more of a row's dataset (so many) that stand"
        " in a column's,\nwhatever the tokenisation; in square brackets: of any length"
    )
    for pair in PAIRS:
        leaks = [leak for leak in found.leakage if (leak.of_split, leak.within_split) == pair]
        yield from _matrix(leaks, *pair)
    yield from _document_lines(found.leakage)
    yield from _labelling_lines(found.leakage)
    for encoder, datasets in found.tokenizers.items():
        yield f"\ntokenizer of {encoder}"
        yield from _loss_lines(datasets)
    wrong = ", ".join(f"{what}: {count:,}" for what, count in found.wrong().items())
    yield f"\nwrong with the data: {wrong or 'nothing'}"


def _repeat_lines(duplicates: Mapping[str, Mapping[str, Repeats]]) -> Iterator[str]:
    rows = [
        [
            f"{name} {split}",
            f"{one.sentences:,} ({one.long_sentences:,})",
            f"{one.two_labellings:,}",
            ", ".join(f"{first}/{second}" for first, second in one.contradictions),
        ]
        for name, splits in duplicates.items()
        for split, one in splits.items()
    ]
    yield from table(["split", "repeated", "with two labellings", "lines"], rows)


def _matrix(leaks: Sequence[Leak], of_split: str, within_split: str) -> Iterator[str]:
    cells = {
        (f"{leak.of} ({leak.sentences:,})", leak.within): _share(leak.shared, leak.sentences)
        + f" [{leak.any_shared:,}]"
        for leak in leaks
    }
    yield from _crossed(f"{of_split} in {within_split} of", cells)


def _crossed(title: str, cells: Mapping[tuple[str, str], str]) -> Iterator[str]:
    """Yield a table of cells by row and column; a fold is compared with itself alone."""
    if not cells:
        return
    columns = list(dict.fromkeys(column for _, column in cells))
    rows = dict.fromkeys(row for row, _ in cells)
    yield ""
    yield from table(
        [title, *columns], [[row, *(cells.get((row, one), "") for one in columns)] for row in rows]
    )


def _document_lines(leaks: Sequence[Leak]) -> Iterator[str]:
    if not any(leak.documents for leak in leaks):
        yield "\ndocuments: the files name none"
        return
    yield "\ndocuments of a row's dataset (so many) that stand in a column's, by their names"
    for of_split, within_split in PAIRS:
        pair = [
            one for one in leaks if (one.of_split, one.within_split) == (of_split, within_split)
        ]
        cells = {
            (f"{leak.of} ({leak.documents:,})", leak.within): _share(
                leak.shared_documents, leak.documents
            )
            for leak in pair
        }
        yield from _crossed(f"{of_split} in {within_split} of", cells)


def _labelling_lines(leaks: Sequence[Leak]) -> Iterator[str]:
    """Yield the sentences that two splits of one dataset label otherwise."""
    for leak in leaks:
        if leak.two_labellings:
            lines = ", ".join(f"{first}/{second}" for first, second in leak.contradictions)
            yield (
                f"\ntwo labellings: {leak.two_labellings:,} sentences of {leak.of} {leak.of_split} "
                f"stand in its {leak.within_split} with other tags (lines {lines})"
            )


def _loss_lines(datasets: Mapping[str, Mapping[str, TokenizerLoss]]) -> Iterator[str]:
    rows = [
        [
            f"{name} {split}",
            f"{one.lost_words:,} of {one.words:,}",
            f"{one.long_words:,} (most {one.most_pieces})",
            f"{one.windowed_sentences:,} of {one.sentences:,}",
            " ".join(one.examples),
        ]
        for name, splits in datasets.items()
        for split, one in splits.items()
    ]
    header = ["split", "words without a piece", "long words", "sentences in windows", "lost"]
    yield from table(header, rows)


def _share(part: int, whole: int) -> str:
    return f"{part:,} ({part / whole:.2%})" if part else "0"


LINES: dict[Action, Callable[[Any], Iterator[str]]] = {
    Action.list: catalogue_lines,
    Action.fetch: fetched_lines,
    Action.describe: described_lines,
    Action.check: checked_lines,
    Action.new: found_lines,
}
