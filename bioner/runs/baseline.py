"""The gain of a run over `single`, where the study has the single run already."""

from collections.abc import Iterator
from pathlib import Path

from bioner.config.identity import as_regime, digest, with_precision
from bioner.config.parts import decides
from bioner.config.stored import to_config
from bioner.config.train import TrainConfig
from bioner.errors import UserError
from bioner.runs.record import SEMANTICS, Record
from bioner.runs.record_file import read_record


def baseline_key(record: Record, target: str) -> str:
    """Return what a run and the single baseline of one of its targets have in common.

    Args:
        record: of the run.
        target: one of the run's targets.

    Raises:
        KeyError: the record does not hold the config of a run.
        ValueError: it holds a value that no run has.
    """
    config = with_precision(to_config(record.config, TrainConfig), record.precision)
    alone = decides(as_regime(config, target, "single"))
    return digest([alone, record.datasets[target].sha256, record.semantics])


def gains(record: Record, study: Path) -> dict[str, float]:
    """Return test F1 minus that of the single baseline, for each target that has one.

    Args:
        record: of a complete run.
        study: the folder of the study's runs.
    """
    singles = {
        key: scores.test_f1
        for other in _singles(study)
        if _may_have_one_encoder(record, other)
        for target, scores in other.scores.items()
        if scores.test_f1 is not None
        if (key := _key_or_none(other, target)) is not None
    }
    found = {}
    for target, scores in record.scores.items():
        single = singles.get(baseline_key(record, target))
        ours = scores.test_f1
        if single is not None and ours is not None and record.regime != "single":
            found[target] = ours - single
    return found


def _key_or_none(record: Record, target: str) -> str | None:
    """Return the key of a single run, or None where its config is not one of this version."""
    try:
        return baseline_key(record, target)
    except (KeyError, ValueError):
        return None


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
