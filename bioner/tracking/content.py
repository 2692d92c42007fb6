"""What a run shows in Weights & Biases when it has ended: its summary, tables and files."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bioner.runs.record import Record
from bioner.runs.scores import TargetScores, mean_known
from bioner.tracking.mention_tables import (
    MISSED,
    SPURIOUS,
    Compared,
    PredictedSplit,
    confusion,
    marked,
    placed,
)

_SCORES = ("precision", "recall", "f1")
_COUNTS = ("support", "predicted", "correct")


def summary(record: Record, gains: Mapping[str, float]) -> dict[str, float]:
    """Return the keys that every complete run has, flat; a split without a mention has no score.

    Args:
        record: of a complete run; its scores are those of the selected step.
        gains: test F1 less that of the single baseline, for the targets that have one.
    """
    scores = record.scores
    flat = {
        f"{_split(record, name, split)}/{name}/{score}": value
        for name, of_target in scores.items()
        for split, values in of_target.by_split().items()
        for score in _SCORES
        if (value := getattr(values, score)) is not None
    }
    if (mean := mean_known(one.test_f1 for one in scores.values())) is not None:
        flat["test/mean_f1"] = mean
    flat |= {f"gain/{name}": gain for name, gain in gains.items()}
    if scores and set(gains) == set(scores):
        flat["gain"] = sum(gains.values()) / len(gains)
    known = {name: value for name, value in vars(record.timing).items() if value is not None}
    return flat | {f"timing/{name}": value for name, value in known.items()}


def _split(record: Record, target: str, split: str) -> str:
    """Return what a split is called in the summary."""
    if split == "test":
        return "test"
    return "trained_devel" if record.task(target).devel_trained else "best_devel"


def tables(
    record: Record, tested: Mapping[str, PredictedSplit], redistributable: Mapping[str, bool]
) -> dict[str, Any]:
    """Return the tables and charts of a complete run, under their keys.

    Args:
        record: of the run.
        tested: what was predicted for each target's test split.
        redistributable: for each dataset, whether its licence lets its text be shown.
    """
    found = {"by_type": _by_type(record.scores), "mixing": _mixing(record)}
    for name, one in tested.items():
        sentences = one.compared()
        found[f"confusion/{name}"] = _confusion(name, sentences, one.types)
        found[f"errors/{name}"] = _errors(sentences, redistributable[name])
    return found


def save_record(run: Any, record: Record) -> None:
    """Put the record among the run's files, from which reports can be made elsewhere."""
    file = Path(run.dir) / "record.json"
    file.write_text(json.dumps(asdict(record), indent=2, ensure_ascii=False), encoding="utf-8")
    run.save(str(file), base_path=run.dir, policy="end")


def _errors(sentences: Iterable[Compared], shown: bool) -> Any:
    """Return the sentences that are not wholly right; by number alone where the text is not ours.

    Sentences are counted from 1 in the test file, words from 1 in the sentence.
    """
    rows = []
    for one in sentences:
        gold, predicted = set(one.gold), set(one.predicted)
        if gold != predicted:
            texts = [
                marked(one.words, x) if shown else placed(x) for x in (one.gold, one.predicted)
            ]
            rows.append([one.number, *texts, len(gold - predicted), len(predicted - gold)])
    return _table(["sentence", "gold", "predicted", MISSED, SPURIOUS], rows)


def _confusion(name: str, sentences: list[Compared], types: Sequence[str]) -> Any:
    import wandb

    counts = confusion(sentences)
    rows = [
        [gold, predicted, counts[gold, predicted]]
        for gold in (*types, SPURIOUS)
        for predicted in (*types, MISSED)
        if (gold, predicted) != (SPURIOUS, MISSED)
    ]
    columns = ["Actual", "Predicted", "nPredictions"]
    return wandb.plot_table(
        vega_spec_name="wandb/confusion_matrix/v1",
        data_table=_table(columns, rows),
        fields={column: column for column in columns},
        string_fields={"title": f"{name}: gold type (down) and predicted type"},
    )


def _by_type(scores: Mapping[str, TargetScores]) -> Any:
    rows = [
        [name, split, of_type, *(getattr(values, key) for key in (*_SCORES, *_COUNTS))]
        for name, of_target in scores.items()
        for split, found in of_target.by_split().items()
        for of_type, values in found.by_type.items()
    ]
    return _table(["dataset", "split", "type", *_SCORES, *_COUNTS], rows)


def _mixing(record: Record) -> Any:
    """Return the batches really drawn in each stage of this run."""
    drawn = [(stage, stage.mixing) for stage in record.stages if stage.mixing is not None]
    rows = [
        [
            stage.name,
            task,
            stage.tasks[task].role,
            mixing.sizes[task],
            batches,
            mixing.shares[task],
        ]
        for stage, mixing in drawn
        for task, batches in mixing.drawn.items()
    ]
    return _table(["stage", "task", "role", "sentences", "batches", "share"], rows)


def _table(columns: list[str], rows: list[list[Any]]) -> Any:
    import wandb

    data: Any = rows
    return wandb.Table(columns=[*columns], data=data, allow_mixed_types=True)
