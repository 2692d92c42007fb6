"""What of a run's config tables tell apart, and what must be the same where runs are compared."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bioner.config.effects import DATA, LATER, STAGE, Declared, Effect, Key, counted, leaves
from bioner.config.encoder_label import compared_as
from bioner.config.identity import as_regime, regime, with_precision
from bioner.config.parts import used
from bioner.config.stored import to_config
from bioner.config.train import TrainConfig
from bioner.report.variants import Variant
from bioner.runs.record import PRETRAIN, Record


@dataclass(frozen=True)
class _Value:
    """A value, as JSON, with the field of the schema that it is or is a part of."""

    field: Key
    effect: Effect
    text: str


class Settings:
    """The config of one run.

    Args:
        record: of the run.

    Raises:
        KeyError: the record does not hold the config of a run.
        ValueError: it holds a value that no run has.
    """

    def __init__(self, record: Record) -> None:
        self._record = record
        # `trainer.precision` may be `auto`: what it came to is what counts.
        self.config = with_precision(to_config(record.config, TrainConfig), record.precision)
        self._values: dict[str, _Value] = {}
        for key, one in leaves(self.config):
            if one.effect.changes in (STAGE, LATER, DATA):
                self._values |= _values(key, one)

    @property
    def keys(self) -> list[str]:
        """The full keys of all that can change a result."""
        return [*self._values]

    @property
    def encoder(self) -> str:
        """The encoder that results are told apart by."""
        encoder = self.config.encoder
        return compared_as(encoder.name, encoder.from_scratch, self._record.encoder_label)

    @property
    def sources(self) -> str:
        """The sources, or the file that pretraining is replaced by."""
        pretrain = self.config.pretrain
        return "+".join(sorted(pretrain.sources)) or (pretrain.checkpoint or "")

    def partners(self, target: str) -> str:
        """Return what a target is trained together with."""
        finetune = self.config.finetune
        return "+".join(sorted({*finetune.targets, *finetune.auxiliaries} - {target}))

    def fold(self, target: str) -> int:
        """Return which fold of a target is its test split; 0 where it has none."""
        config = self.config
        return 0 if config.dataset[target].folds is None else config.fold or 0

    def mixing(self, target: str, other: str | None = None) -> str:
        """Return how the tasks are mixed, empty where no stage has several.

        Args:
            target: one of the run's.
            other: the regime of the run that is meant instead of this one.
        """
        mixing = self.config.mixing
        if ("mixing", "strategy") not in self._used(target, other):
            return ""
        details = {"temperature": mixing.temperature, "weights": mixing.weights}
        detail = details.get(mixing.strategy)
        together = mixing.tasks_per_update
        return (
            f"{mixing.strategy}"
            + ("" if detail is None else f" {json.dumps(detail)}")
            + ("" if together == 1 else f", {together} tasks an update")
        )

    def variant(self, axes: Sequence[str], target: str, other: str | None = None) -> Variant:
        """Return the values under some keys, as far as a run uses them.

        Args:
            axes: full keys, of a value or of a group.
            target: one of the run's.
            other: the regime of the run that is meant instead of this one.
        """
        if not axes:
            return Variant({}, {}, frozenset())
        used = self._used(target, other)
        found = {
            key: value
            for axis in axes
            for key, value in self._values.items()
            if under(key, axis) and value.field in used
        }
        texts = {key: value.text for key, value in found.items()}
        return Variant(texts, {key: value.field for key, value in found.items()}, used)

    def must_agree(self, axes: Sequence[str], target: str) -> str:
        """Return all that must not differ where runs are compared or averaged, as JSON.

        `study` is the same everywhere, `config` in one place, `cell` in one cell: whether a partner
        is a target too, and in which order sources stand, the axes don't say.
        """
        record, fields = self._record, self._used(target, None)
        study = {"semantics": str(record.semantics)} | {
            f"{name} {split}": digest
            for name, use in record.datasets.items()
            for split, digest in use.sha256.items()
            if split != "test" or name == target
        }
        config: dict[str, str] = {}
        cell: dict[str, str] = {}
        for key, value in self._values.items():
            if value.field not in fields:
                continue
            if value.field[0] == "dataset":
                if not value.effect.axis:  # folds of a dataset are taken together
                    study[key] = value.text
            elif any(under(key, axis) for axis in axes):
                continue
            elif not value.effect.axis:
                config[key] = value.text
            elif value.effect.role is not None:
                cell[key] = value.text
        if record.encoder_sha256 is not None:
            config["the encoder's files"] = record.encoder_sha256
        pretraining = record.stage(PRETRAIN)
        source = None if pretraining is None else pretraining.source
        if source is not None and source.sha256:
            cell["the file of pretrain.checkpoint"] = source.sha256
        return json.dumps({"study": study, "config": config, "cell": cell})

    def _used(self, target: str, other: str | None) -> set[Key]:
        same = other is None or other == regime(self.config)
        return used(self.config if same else as_regime(self.config, target, str(other)))


def under(key: str, prefix: str) -> bool:
    """Say whether a full key is another one or in the group of that name."""
    return key == prefix or key.startswith(prefix.rstrip(".") + ".")


def _values(field: Key, one: Declared) -> dict[str, _Value]:
    """Return a field's value under its full key; one that holds names, under theirs."""
    found = _flat(".".join(field), counted(one))
    return {key: _Value(field, one.effect, json.dumps(value)) for key, value in found}


def _flat(key: str, value: Any) -> Iterator[tuple[str, Any]]:
    if not isinstance(value, Mapping):
        yield key, value
        return
    for name, part in value.items():
        yield from _flat(f"{key}.{name}", part)
