"""What is said of the datasets of a run before it trains."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from bioner.corpora.document_groups import has_documents

if TYPE_CHECKING:
    from bioner.train.tasks import Task

log = logging.getLogger(__name__)


def say_sizes(stage: str, name: str, task: Task) -> None:
    """Log how many sentences a stage has of a dataset, and how many of them it uses."""
    sentences = {split: len(content.sentences) for split, content in task.corpus.splits.items()}
    mentions = {s: content.sentences.mentions.total() for s, content in task.corpus.splits.items()}
    counts = ", ".join(f"{s} {n} ({mentions[s]} mentions)" for s, n in sentences.items())
    devel = task.devel_trained
    used = {"train": len(task.used) - devel, "devel": len(task.scored["devel"])}
    taken = "".join(f", {n} {s} used" for s, n in used.items() if n < sentences[s])
    taken += f", {devel} devel trained on too" if devel else ""
    log.info("%s, %s %s: sentences %s%s", stage, task.role, name, counts, taken)


def say_what_is_alone(name: str, task: Task) -> None:
    """Warn of the splits of a dataset that mark no documents, where these are asked for."""
    splits = [s for s, c in task.corpus.splits.items() if not has_documents(c.sentences)]
    if splits:
        log.warning(
            "%s: no documents are marked in %s: each sentence is a row of its own there, in spite "
            "of encoder.context=document",
            name,
            ", ".join(splits),
        )


def say_what_is_lost(name: str, task: Task, longest_word: int) -> None:
    """Warn of what of a dataset no model sees, or sees otherwise than its file has it.

    Args:
        name: of the dataset.
        task: as the first stage that has it uses it.
        longest_word: pieces of a word that one row can hold.
    """
    found = task.contents(longest_word)
    by = task.corpus.held_out_by
    if found.folds is not None:
        what = f"{found.folds} of its train file, parted by {by}"
        log.info("%s: test is fold %s of %s", name, found.fold, what)
    if found.devel_folds is not None:
        what = f"{found.devel_folds} of what test leaves of its train file, parted by {by}"
        log.info("%s: devel is fold %s of %s", name, found.devel_fold, what)
    for split, share in (("devel", found.devel_share), ("test", found.test_share)):
        if share:
            log.warning(
                "%s: %s is a part of its train file, for there is no other: %.0f %%, by %s",
                name,
                split,
                100 * share,
                by,
            )
    for warning in (*task.corpus.warnings, *task.corpus.unscored):
        log.warning("%s: %s", name, warning)
    for what, words in (
        ("words the tokenizer lost (predicted O)", found.lost_words),
        ("words longer than a window (their first pieces are used)", found.oversized_words),
        (
            "sentences longer than a window (read in several)",
            {split: encoded.windowed(longest_word) for split, encoded in task.encoded.items()},
        ),
    ):
        if any(words.values()):
            log.warning("%s: %s: %s", name, what, ", ".join(f"{s} {n}" for s, n in words.items()))
