"""The gain of a run over `single`, where the study has the single run already."""

import json
from collections.abc import Iterator
from pathlib import Path

from bioner.config.identity import what_is_set
from bioner.errors import UserError
from bioner.runs.record import SEMANTICS, Record
from bioner.runs.record_file import read_record

# What a run with the same budget, data and model shares with its single baseline.
_SHARED = (
    "batch",
    "encoder",
    "head",
    "leakage",
    "optimizer",
    "seed",
    "subset_seed",
    "subset_unit",
    "trainer",
)
_BUDGET = ("train_size", "devel_size", "epochs", "steps")


def baseline_key(record: Record, target: str) -> str:
    """Return what a run and the single baseline of one of its targets have in common.

    Args:
        record: of the run.
        target: one of the run's targets.
    """
    config = record.config
    # `trainer.precision` may be `auto`: what it came to is what counts.
    shared = what_is_set(
        {name: config[name] for name in _SHARED}
        | {"trainer": {**config["trainer"], "precision": record.precision}}
    )
    budget = {name: config["finetune"][name] for name in _BUDGET}
    data = [config["dataset"][target], record.datasets[target].sha256, record.semantics]
    return json.dumps([target, shared, budget, data], sort_keys=True)


def gains(record: Record, study: Path) -> dict[str, float]:
    """Return test F1 minus that of the single baseline, for each target that has one.

    Args:
        record: of a complete run.
        study: the folder of the study's runs.
    """
    singles = {
        baseline_key(other, target): scores.test.f1
        for other in _singles(study)
        if _may_have_one_encoder(record, other)
        for target, scores in other.scores.items()
    }
    found = {}
    for target, scores in record.scores.items():
        single = singles.get(baseline_key(record, target))
        if single is not None and record.regime != "single":
            found[target] = scores.test.f1 - single
    return found


def _may_have_one_encoder(record: Record, other: Record) -> bool:
    """Say whether the files behind the encoder's name were the same, as far as it was noted."""
    noted = {one.encoder_sha256 for one in (record, other)} - {None}
    return len(noted) < 2


def _singles(study: Path) -> Iterator[Record]:
    """Yield the study's complete single runs; a record that can't be read has no say here."""
    for file in sorted(study.glob("single-*/record.json")):
        try:
            record = read_record(file.parent)
        except UserError:
            continue
        same = record.semantics == SEMANTICS
        if same and (record.regime, record.status) == ("single", "complete"):
            yield record
